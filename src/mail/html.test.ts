import assert from 'node:assert/strict'
import { test } from 'node:test'
import { textOfHtml } from '#mail/html.ts'

const pages: [why: string, html: string, text: string][] = [
  ['plain text', 'one\n two', 'one two'],
  ['paragraphs and line breaks', '<p>one</p><p>two<br/>three<DIV>four</DIV>five', 'one\ntwo\nthree\nfour\nfive'],
  ['inline tags', 'RES<b>TRIC</b>TED', 'RESTRICTED'],
  ['tables', '<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>', 'a b\nc'],
  ['entities', '&lt;a&gt; &amp;amp; &#8364;&#x20AC;&#128; &eacute; &nbsp;x&shy;y', '<a> &amp; €€€ &eacute; xy'],
  ['entities that are no characters', '&#xD800;&#1114112;&#0;x&#10;y', '\ufffd\ufffd x y'],
  ['script, style and title', '<head><title>t</title><style>p{}</style></head>a<script>if (a<b) "<p>"</SCRIPT >b', 'ab'],
  ['text that a browser shows although it stands in the head', '<head><p>seen</head>', 'seen'],
  ['comments', 'a<!-- <p> > -- -->b<!-->c<!--->d<!-- x --!>e<!doctype html>f<?x?>g</ >h', 'abcdefgh'],
  ['an angle bracket that is text', '1 < 2 <3 <', '1 < 2 <3 <'],
  ['angle brackets in attributes', '<a title="x > y" alt=\'>\' b=c">d</a>', 'd'],
  ['an open tag', 'a<b title="', 'a'],
  ['an open comment', 'a<!-- b', 'a'],
  ['an open script', 'a<script>b', 'a'],
  ['preformatted lines', '<pre>one\ntwo</pre>three\nfour', 'one\ntwo\nthree four'],
  ['nothing', '', ''],
]

for (const [why, html, text] of pages) {
  test(`the visible lines of HTML with ${why}`, () => assert.equal(textOfHtml(html), text))
}
