// Package autobahn is a judge of WebSocket implementations. It plays the 517
// cases that the Autobahn test suite has made the yardstick of RFC 6455 and
// RFC 7692, against a server or against clients, and says of each what it
// thinks of the behaviour and of the way the connection ended.
//
//	report, err := autobahn.CheckServer(ctx, "ws://127.0.0.1:9001", autobahn.Options{})
//	if err != nil {
//		return err // nothing could be played
//	}
//	if report.Bad() > 0 {
//		err = report.WriteFiles("report") // and look at report/index.html
//	}
//
// It is written anew from a description of what is sent and what is expected,
// and is not the suite itself. The peer has to send every message back.
// [CheckServer] connects to it; [CheckClients] waits for clients, such as
// those that many libraries have for the suite, which ask for one case after
// the other. The command autobahn/cmd/autobahn does either.
//
// The cases are data: see the files in cases/ and, for their notation,
// notation.go. The judge shares no code with the packages that it is there to
// judge: it has its own slow and strict codec, and its own inflater, which
// notices when a peer looks back further than the window it has agreed on.
//
// In one thing the judge differs from the suite on purpose. In 6.4.3 and
// 6.4.4, where a frame is sent in parts, it answers a ping of the peer when
// its own frame is complete, and not in the middle of it.
//
// # Verdicts
//
// The behaviour is [OK], [NonStrict], [Informational], [Unimplemented]
// (permessage-deflate was not negotiated) or [Failed]. The end is [OK],
// [WrongCode], [Unclean], [FailedByClient], [Informational] or [Failed], which
// means that the wrong side closed first. Look at both: a peer that quietly
// ignores what it should have failed for has sent nothing wrong.
//
// # Time
//
// Some cases measure the peer's pace in tenths of a second: an invalid text
// must be answered, closed and hung up within half a second. Cases are played
// one after the other unless [Options].Parallel says otherwise, and on a busy
// machine it had better not.
package autobahn
