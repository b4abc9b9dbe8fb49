// Are WebSocket messages put together whatever the pieces they arrive in?
import { expect, test } from 'vitest';
import { FrameReader, writeFrame } from '../../../src/sources/websocket-frames.ts';
import { serverFrame } from './kit/api.ts';

test('are put together from any pieces, and what is no frame is said to be broken', () => {
  const reader = new FrameReader();
  const long = Buffer.alloc(70_000, 'x');
  const header = Buffer.from([0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
  const stream = Buffer.concat([
    serverFrame(Buffer.from('a')),
    Buffer.from([0x89, 1, 0x70]),
    Buffer.from([0x02, 1, 0x62]),
    Buffer.from([0x80, 1, 0x63]),
    header,
    long,
    Buffer.from([0x88, 4, 3, 0xe8, 0x6f, 0x6b]),
  ]);
  const frames = [];
  for (let at = 0; at < stream.length; at += 999) frames.push(...reader.push(stream.subarray(at, at + 999)));
  expect(frames).toEqual([
    { kind: 'message', payload: Buffer.from('a') },
    { kind: 'ping', payload: Buffer.from('p') },
    { kind: 'message', payload: Buffer.from('bc') },
    { kind: 'message', payload: long },
    { kind: 'close', reason: 'ok' },
  ]);
  expect(new FrameReader().push(writeFrame(2, Buffer.from('masked')))).toEqual([{ kind: 'broken' }]);
});
