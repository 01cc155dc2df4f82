package conn_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/nettest"

	"net"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

func TestTheCloseFrameNamesTheRuleThatWasBroken(t *testing.T) {
	for _, bad := range []struct {
		name    string
		header  frame.Header
		payload string
		code    frame.Code
		section string
	}{
		{"unmasked", frame.Header{Fin: true, Opcode: frame.Text}, "", frame.ProtocolError, "§5.1"},
		{"unmasked ping", frame.Header{Fin: true, Opcode: frame.Ping}, "", frame.ProtocolError, "§5.1"},
		{"reserved bit", frame.Header{Fin: true, RSV: frame.RSV1, Opcode: frame.Text, Masked: true}, "", frame.ProtocolError, "§5.2"},
		{"reserved opcode", frame.Header{Fin: true, Opcode: 3, Masked: true}, "", frame.ProtocolError, "§5.2"},
		{"fragmented ping", frame.Header{Opcode: frame.Ping, Masked: true}, "", frame.ProtocolError, "§5."},
		{"long pong", frame.Header{Fin: true, Opcode: frame.Pong, Masked: true, Length: 126}, string(pattern(126)), frame.ProtocolError, "§5.5"},
		{"continuation of nothing", frame.Header{Fin: true, Opcode: frame.Continuation, Masked: true}, "", frame.ProtocolError, "§5.4"},
		{"not text", frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Length: 1}, "\xff", frame.InvalidPayload, "§8.1"},
		{"text that ends within a character", frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Length: 1}, "\xc3", frame.InvalidPayload, "§8.1"},
	} {
		t.Run(bad.name, func(t *testing.T) {
			c, p := against(t, conn.Server, nil)
			result := async(func() error { return echo(c) })
			p.sendBytes(wireOf(bad.header, bad.payload))
			require.Contains(t, p.expectClose(bad.code), bad.section)
			p.expectEOF()
			require.NoError(t, p.nc.Close())
			err := <-result
			var rule *frame.Error
			require.ErrorAs(t, err, &rule)
			require.ErrorIs(t, err, bad.code)
			require.Contains(t, err.Error(), bad.section)
			require.Equal(t, frame.Abnormal, ended(t, err).Code)
		})
	}
}

func TestAMaskedFrameFromTheServerIsRefused(t *testing.T) {
	c, p := against(t, conn.Client, nil)
	result := async(func() error { return echo(c) })
	p.sendBytes(wireOf(frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: key, Length: 1}, "x"))
	require.Contains(t, p.expectClose(frame.ProtocolError), "§5.1")
	require.NoError(t, p.nc.Close())
	require.ErrorIs(t, <-result, frame.ProtocolError)
}

func TestEveryFrameOfAClientHasAKeyOfItsOwn(t *testing.T) {
	c, p := against(t, conn.Client, nil)
	const frames = 300
	go func() {
		for range frames / 3 {
			_ = c.WriteText(background, "written through")
			_ = c.TryWrite(conn.Text, nil) // an empty payload is masked too
			w, err := c.Writer(background, conn.Binary)
			if err == nil {
				_ = w.Close()
			}
		}
	}()
	keys := map[[4]byte]bool{}
	for range frames {
		h, _ := p.receive()
		keys[h.Key] = true
	}
	require.GreaterOrEqual(t, len(keys), frames-2, "keys repeat more than chance allows")
}

func TestAPeerThatBrokeARuleDoesNotDelayTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, nil)
		p.sendBytes([]byte{0xff, 0xff})
		p.sendBytes(pattern(1000))
		done := async(func() error { return echo(c) })
		p.expectClose(frame.ProtocolError)
		synctest.Wait()
		ended(t, c.Err()) // though the peer does not hang up
		ended(t, <-done)  // a second later
	})
}

func TestBadTextIsRefusedAtTheFirstWrongOctet(t *testing.T) {
	text := "aé€😀 and more"
	for at := range len(text) {
		synctest.Test(t, func(t *testing.T) {
			c, p := against(t, conn.Server, nil)
			go echo(c)
			wrong := []byte(text)
			wrong[at] = 0xff
			wire := wireOf(frame.Header{Fin: true, Opcode: frame.Text, Masked: true, Key: key, Length: 1000}, string(wrong))
			p.sendBytes(wire[:len(wire)-len(text)+at])
			synctest.Wait()
			require.NoError(t, c.Err(), "all is well before octet %d", at)
			p.sendBytes(wire[len(wire)-len(text)+at:][:1])
			p.expectClose(frame.InvalidPayload)
		})
	}
}

func TestTheEscapeHatchesTolerateWhatTheySay(t *testing.T) {
	c, p := against(t, conn.Server, &conn.Options{Tolerate: conn.Tolerate{
		NonMinimalLengths: true, UnmaskedFrames: true, InvalidUTF8: true,
	}})
	go echo(c)
	p.sendBytes([]byte{0x81, 126, 0, 1, 0xff})
	p.expect(frame.Text, "\xff")
	w, err := c.Writer(background, conn.Text)
	require.NoError(t, err)
	_, err = w.Write([]byte{0xfe})
	require.NoError(t, err)
	require.NoError(t, w.Close())
	p.expect(frame.Text, "\xfe")
}

func TestHooksSeeEverything(t *testing.T) {
	var frames, messages []string
	var end *conn.CloseError
	var log bytes.Buffer
	var stats conn.Stats
	o := &conn.Options{
		Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Trace: &conn.Trace{
			Frame: func(_ *conn.Conn, sent bool, h frame.Header) {
				frames = append(frames, arrow(sent)+h.Opcode.String())
			},
			Message: func(_ *conn.Conn, sent bool, typ conn.Type, size int) {
				messages = append(messages, arrow(sent)+typ.String()+strings.Repeat(".", size))
			},
			Closed: func(c *conn.Conn, e *conn.CloseError, s conn.Stats) {
				end, stats = e, s
				_ = c.Stats() // no lock is held
			},
		},
	}
	synctest.Test(t, func(t *testing.T) {
		c, p := against(t, conn.Server, o)
		done := async(func() error { return echo(c) })
		p.send(frame.Text, false, "ab")
		p.send(frame.Ping, true, "p")
		synctest.Wait()
		p.send(frame.Continuation, true, "c")
		synctest.Wait()
		p.close(frame.Normal, "bye")
		for range 3 {
			p.receive()
		}
		require.NoError(t, p.nc.Close())
		<-done
	})
	require.Equal(t, []string{"< text", "< ping", "> pong", "< continuation", "> text", "< close", "> close"}, lower(frames))
	require.Equal(t, []string{"< text...", "> text..."}, lower(messages))
	require.Equal(t, frame.Normal, end.Code)
	require.Equal(t, uint64(1), stats.MessagesIn)
	require.Equal(t, uint64(1), stats.MessagesOut)
	require.Equal(t, uint64(3), stats.BytesIn)
	require.Equal(t, uint64(3), stats.BytesOut)
	require.Equal(t, uint64(6+2+6+1+6+1+6+5), stats.WireIn)
	require.Equal(t, uint64(3+5+4), stats.WireOut)
	require.False(t, stats.Opened.IsZero())
	require.Equal(t, 7, strings.Count(log.String(), `msg="websocket frame"`), log.String())
	require.Contains(t, log.String(), `msg="websocket closed" role=server code=1000 clean=true remote=true`)
	require.NotContains(t, log.String(), "abc", "no payload in logs")
}

func arrow(sent bool) string {
	if sent {
		return "> "
	}
	return "< "
}

func lower(all []string) (out []string) {
	for _, s := range all {
		out = append(out, strings.ToLower(s))
	}
	return out
}

func TestStreamsAreNetConns(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		server, client := pair(t, nil, nil)
		return server.Stream(conn.Binary), client.Stream(conn.Binary), func() {
			_ = server.CloseNow()
			_ = client.CloseNow()
		}, nil
	})
}

func TestStreamsEndWithEOF(t *testing.T) {
	server, client := pair(t, nil, nil)
	s := server.Stream(conn.Text)
	go func() {
		_ = client.WriteText(background, "one ")
		_ = client.Write(background, conn.Binary, nil)
		_ = client.Write(background, conn.Binary, []byte("two"))
		_ = client.Close(background, frame.Normal, "")
	}()
	var b bytes.Buffer
	_, err := b.ReadFrom(s)
	require.NoError(t, err)
	require.Equal(t, "one two", b.String())
	_, err = s.Write([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed)
	require.NoError(t, s.Close())
	require.Equal(t, "pipe", s.LocalAddr().Network())
}

func TestATextStreamIsSplitBetweenCharacters(t *testing.T) {
	server, client := pair(t, nil, nil)
	text := "x" + strings.Repeat("€", 50_000)
	go func() { _, _ = server.Stream(conn.Text).Write([]byte(text)) }()
	got := ""
	for len(got) < len(text) {
		m, err := client.Read(background)
		require.NoError(t, err)
		got += string(m.Data)
	}
	require.True(t, text == got)
	_, err := server.Stream(conn.Text).Write([]byte{0xff})
	require.ErrorContains(t, err, "§5.6")
}

func TestALargeStreamWriteIsSplitIntoMessages(t *testing.T) {
	server, client := pair(t, nil, nil)
	go server.Stream(conn.Binary).Write(pattern(3 << 20))
	total := 0
	for m, err := range client.Messages(background) {
		require.NoError(t, err)
		if total += len(m.Data); total == 3<<20 {
			break
		}
	}
}
