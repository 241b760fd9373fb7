import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quotingTextOfHtml, textOfHtml } from '#mail/html.ts'

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

const quoting: [why: string, html: string, text: string][] = [
  [
    'Thunderbird, with the answer below',
    '<div class="moz-cite-prefix">On 1/7/2024 Kate wrote:<br></div><blockquote type="cite"><p>one<br>two</p></blockquote><p>Yes.</p>',
    'On 1/7/2024 Kate wrote:\n> one\n> two\nYes.',
  ],
  ['Gmail', 'a<blockquote class="gmail_quote" style="margin:0 0 0 .8ex;border-left:1px solid #ccc">b</blockquote>c', 'a\n> b\nc'],
  ['Outlook', 'a<blockquote style="border:none; border-left: solid #CCC 1.0pt">b</blockquote>c', 'a\n> b\nc'],
  ['what says only who wrote', 'On 1 July Kate wrote:<br> <BLOCKQUOTE>b</BLOCKQUOTE >c', 'On 1 July Kate wrote:\n> b\nc'],
  ['quotations in one another', '<blockquote type=cite>a<blockquote>b</blockquote>c</blockquote>d', '> a\n> b\n> c\nd'],
  [
    'indentation',
    'a<blockquote style="margin: 0 0 0 40px; border: none">b</blockquote><blockquote>c</blockquote>d',
    'a\nb\nc\nd',
  ],
  [
    'Gmail’s indentation',
    'a<blockquote class="gmail_quote" style="margin:0 0 0 40px;border:none;padding:0">b</blockquote>c',
    'a\nb\nc',
  ],
  ['an end without a beginning', 'a</blockquote>b', 'a\nb'],
  ['a quotation that does not end', '<blockquote type="cite">a<p>b', '> a\n> b'],
]
for (const [why, html, text] of quoting) {
  test(`what HTML quotes in the form of ${why} is quoted in its text too (G16)`, () => {
    assert.equal(quotingTextOfHtml(html), text)
    assert.equal(textOfHtml(html), text.replace(/^> /gm, ''))
  })
}
