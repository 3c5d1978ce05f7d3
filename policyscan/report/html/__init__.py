"""The page people look at: one file that opens from disk and asks nobody for anything.

`document` turns a report into plain values, `layout` places what is drawn, and `page` puts both
between the template, the style and the script that lie beside this file.
"""
