import sys

import pymupdf

document = pymupdf.open()
for number in range(20 * int(sys.argv[1])):
    page = document.new_page()
    for row in range(50):
        page.insert_text((40, 50 + 14 * row), f"page {number}, row {row}: " + "text " * 12)
document = pymupdf.open("pdf", document.tobytes())
print(sum(len(page.get_text()) for page in document) > 50_000)
print(sum(page.get_pixmap(dpi=60).width for page in document))
