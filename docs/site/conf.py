"""How .ci/site makes the site of the documents: Sphinx reads README.md, docs/ and what they link to, as
they are. Nothing of it comes from another host: fonts, search and styles lie in the site."""
import re
from pathlib import Path

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Name, Number, Punctuation, String, Text

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

project = "climnorm"
author = "the climnorm authors"
version = release = re.search(r"project\(climnorm VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
html_title = f"climnorm {version}"

extensions = ["myst_parser"]
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "docs/decisions/*.md", "bench/*.md", "kernels/*.md", "tests/*.md"]
exclude_patterns = ["build*", ".*", "demo"]  # folders that need not be searched
myst_heading_anchors = 4  # of headings, as in links such as config.md#all-keys
smartquotes = False  # "--md5" stays what it is
highlight_language = "text"
nitpicky = True

html_theme = "furo"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False


class Libconfig(RegexLexer):
    """Configs of climnorm."""
    name = "libconfig"
    tokens = {"root": [
        (r"(#|//).*?$|/\*.*?\*/", Comment),
        (r'"[^"\n]*"', String),
        (words(("true", "false"), suffix=r"\b"), Keyword.Constant),
        (r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?\b", Number),
        (r"[A-Za-z][\w-]*(?=\s*[:=])", Name.Attribute),
        (r"[][(){}:;=,]", Punctuation),
        (r"\s+|.", Text),
    ]}


def add_navigation(app, name, source):
    """The README is the first page. What stands beside each page follows from navigation.md."""
    if name == root_doc:
        source[0] += (HERE / "navigation.md").read_text("utf-8")
    if name == "docs/decisions/README":
        source[0] += "\n```{toctree}\n:hidden:\n:glob:\n\n0*\n```\n"


def name_first_page(app, failure):
    if not failure and app.builder.name == "html":
        pages = Path(app.outdir)
        (pages / "index.html").write_text((pages / "README.html").read_text("utf-8"), "utf-8")


def setup(app):
    app.add_lexer("libconfig", Libconfig)
    app.connect("source-read", add_navigation)
    app.connect("build-finished", name_first_page)
