# docker build --tag policyscan .
# docker run --rm --volume "$PWD:/work:ro" policyscan plan.json
FROM python:3.13-slim AS build
COPY . /src
RUN python -m venv /opt/policyscan \
 && /opt/policyscan/bin/pip install --no-cache-dir --require-hashes --requirement /src/constraints/install.txt \
 && /opt/policyscan/bin/pip install --no-cache-dir --no-deps --no-build-isolation /src \
 && POLICYSCAN_CHECKOV_HOME=/opt/checkov /opt/policyscan/bin/policyscan setup \
# The folder of a setup is private to the user who made it.
 && chmod -R a+rX /opt/checkov

FROM python:3.13-slim
COPY --from=build /opt/policyscan /opt/policyscan
COPY --from=build /opt/checkov /opt/checkov
# Nothing in the image is written to: it runs read-only, with a place for temporary files.
ENV PATH=/opt/policyscan/bin:$PATH POLICYSCAN_CHECKOV_HOME=/opt/checkov PYTHONDONTWRITEBYTECODE=1
RUN useradd --no-create-home --uid 10001 policyscan
USER 10001
WORKDIR /work
ENTRYPOINT ["policyscan"]
CMD ["--help"]
