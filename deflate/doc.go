// Package deflate is RFC 7692, the extension permessage-deflate: how it is
// negotiated, and the codec. It is pure: it knows neither HTTP nor frames, has
// no socket and no clock, and starts no goroutine.
//
//	client                                             server
//
//	Options.Offer ───── permessage-deflate; … ───────► Options.Negotiate
//	Options.CheckResponse ◄── permessage-deflate; … ── its second result
//	Options.ClientCodec                                Options.ServerCodec
//
//	Codec.Out.Message, Piece ─── payload, RSV1 ──────► Codec.In.Begin, Feed, Next
//
// # Windows and context takeover
//
// What makes messages small is that a text repeats itself, and that messages
// repeat one another. Compressed data points back at what it repeats, at most
// a window's length, 2^8 to 2^15 octets, which is agreed for each direction.
// With context takeover it may point back into earlier messages, so that both
// sides have to keep the end of them. That is all that a connection keeps
// between messages:
//
//   - for what it receives, the agreed window: 32 KiB for 15 bits;
//   - for what it sends, at most 4 KiB, since the sender decides how far back
//     it points. Everything else is lent by pools for the time of a message;
//   - nothing for a direction without takeover.
//
// [Options.MemoryPerConn] bounds the sum.
//
// # Buffers
//
// What goes in is borrowed: by [Compressor.Message] and [Compressor.Piece]
// until they return, by [Decompressor.Feed] until Next has asked for more.
// What [Decompressor.Next] returns is valid until its next call. Nothing that
// was passed in is written to, except dst behind its length.
//
// # Concurrency
//
// Options serve any number of goroutines as long as nobody modifies them. A
// [Compressor] and a [Decompressor] each belong to one goroutine at a time;
// the two of a [Codec] share nothing.
//
// # Limits
//
// Inflation stops with [ErrTooBig] before it yields more than the limit that
// Begin was given, and with [ErrRatio] where a message grows out of all
// proportion. A message in progress holds about 60 KiB, whatever its size.
//
// # Security
//
// A message in which a secret stands next to text that an attacker chooses
// tells, by its length, how much the two have in common; with context takeover
// so do two messages. RFC 7692 §8. Do not compress such messages.
package deflate
