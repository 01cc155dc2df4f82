// Package frame is the wire format of RFC 6455 and its rules: headers,
// masking, close codes, UTF-8 across fragments, and what may follow what.
//
// It is pure. It does no I/O, reads no clock, takes no lock, starts no
// goroutine and keeps nothing that it was given. Bytes go in, facts come out:
//
//	octet  0        1        2 ...                     ... 4 more    then
//	      ┌────────┬────────┬───────────────────────┬─────────────┬─────────
//	      │FRRRoooo│Mlllllll│ 0, 2 or 8 octets      │ 0 or 4      │ payload
//	      └────────┴────────┴───────────────────────┴─────────────┴─────────
//	       ││  │    ││        extended payload length  masking key,
//	       ││  │    ││        lllllll 126: 2 octets    if M is set
//	       ││  │    ││        lllllll 127: 8 octets
//	       ││  │    │└ payload length, when it is 125 or less
//	       ││  │    └─ MASK: set by clients, clear from servers
//	       ││  └────── opcode: 0 continuation, 1 text, 2 binary, 8 close, 9 ping, A pong
//	       │└───────── RSV1, RSV2, RSV3: clear, unless an extension claims them
//	       └────────── FIN: the last frame of its message
//
// Multi-octet numbers are in network byte order.
//
// A [Decoder] turns a stream, however it was cut, into frames, and checks each
// header against [Rules]. An [Encoder] writes frames and refuses those which
// may not go out now. Beneath them stand [Parse] and [Header.Append], which
// know the bits of one header and no rules.
//
// # Buffers
//
// A slice that is passed in is borrowed until the call returns. A payload in
// an [Event] is part of the input of that call, unmasked there, and is valid
// as long as the input is. Functions that append return dst, grown as by the
// built-in append; they never write to anything but dst. Strings are owned.
//
// # Concurrency
//
// Values are to be used by one goroutine at a time. Functions have no state.
//
// # Limits
//
// Nothing here is ever sized by a length from the wire. [Decoder] holds back
// at most the 13 octets of an unfinished header.
package frame
