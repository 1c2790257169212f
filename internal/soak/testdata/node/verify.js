// Verifies webhooks as partners do who work with Node. Each line of its input is one: id, timestamp, X-Webhook-Signature,
// Webhook-Signature, the base64 of a JSON array of the texts that went in, and the body, with tabs between. Prints what is wrong and ends
// with what it counted.
//
// Arguments: the secret, the module folder of the official library of Standard Webhooks, and that this library verifies
// each n-th webhook (it does its own cryptography in JavaScript, slowly).
'use strict';
const crypto = require('crypto');
const [WEBHOOK_SECRET, library, every] = process.argv.slice(2);
const { Webhook } = require(library);
const official = new Webhook(WEBHOOK_SECRET);
const key = Buffer.from(WEBHOOK_SECRET.slice('whsec_'.length), 'base64');

// The snippet of the API document (Webhook Security), word for word.
function documented(payload) {
  const signature = crypto
    .createHmac('sha256', WEBHOOK_SECRET)
    .update(JSON.stringify(payload))
    .digest('hex');
  return signature;
}

// texts are those of an event that somebody wrote.
function texts({ channelReferenceId, data }) {
  const written = data.comment ? [data.comment.content, data.comment.author] : [data.title ?? data.assignedTo];
  return JSON.stringify([channelReferenceId ?? '', ...written]);
}

function refuses(body, headers) {
  try {
    official.verify(body, headers);
    return false;
  } catch {
    return true;
  }
}

let checked = 0, verified = 0, wrong = 0;
function check(line) {
  const end = line.lastIndexOf(9); // a body holds no tab
  const [id, timestamp, signature, standard, written] = line.toString('latin1', 0, end).split('\t');
  const body = line.subarray(end + 1);
  const expect = (holds, what) => {
    if (!holds && wrong++ < 20) console.log(`${id}: ${what}: ${body.toString().slice(0, 300)}`);
  };
  checked++;
  const text = body.toString();
  let payload;
  try {
    payload = JSON.parse(text);
  } catch {
    return expect(false, 'the body is no JSON');
  }
  expect(Buffer.from(text).equals(body), 'the body is not UTF-8');
  expect(JSON.stringify(payload) === text, 'the body is not what JSON.stringify writes');
  expect(documented(payload) === signature, "the document's snippet computes another signature over the payload");
  expect(crypto.createHmac('sha256', WEBHOOK_SECRET).update(body).digest('hex') === signature, 'another signature over the body');
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  expect('v1,' + crypto.createHmac('sha256', key).update(content).digest('base64') === standard, 'another signature of Standard Webhooks');
  expect(texts(payload) === JSON.stringify(JSON.parse(Buffer.from(written, 'base64').toString())), 'it says something else than went in');
  if (checked % every === 0) {
    const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': standard };
    expect(!refuses(text, headers), 'the official library refuses it');
    expect(refuses(text + ' ', headers), 'the official library takes a body that was changed');
    verified++;
  }
}

// Lines end with \n alone: readline would end them at U+2028 too.
let rest = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  rest = rest.length ? Buffer.concat([rest, chunk]) : chunk;
  let from = 0;
  for (let to; (to = rest.indexOf(10, from)) >= 0; from = to + 1) check(rest.subarray(from, to));
  rest = rest.subarray(from);
});
process.stdin.on('end', () => console.log(JSON.stringify({ checked, verified, wrong })));
