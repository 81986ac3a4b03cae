"""The page that shows a warehouse: one HTML file with all that it needs, and sums in place of rows.

`drawing` writes it, `board` reads what it shows, `page` puts it together, and `assets` is what runs in the browser.
"""
