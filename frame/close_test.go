package frame_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/frame"
)

func TestParseCloseReadsCodeAndReason(t *testing.T) {
	for _, c := range []struct {
		payload string
		code    frame.Code
		reason  string
	}{
		{"", frame.NoStatus, ""},
		{"\x03\xe8", frame.Normal, ""},
		{"\x03\xe9bye", frame.GoingAway, "bye"},
		{"\x0f\xa0" + strings.Repeat("*", 123), 4000, strings.Repeat("*", 123)},
		{"\x13\x87κόσμε", 4999, "κόσμε"},
	} {
		code, reason, err := frame.ParseClose([]byte(c.payload))
		require.NoError(t, err, "%q", c.payload)
		require.Equal(t, c.code, code)
		require.Equal(t, c.reason, reason)
	}
}

func TestParseCloseRefusesBadPayloads(t *testing.T) {
	for _, c := range []struct {
		payload string
		want    error
		code    frame.Code
	}{
		{"\x03", frame.ErrCloseLength, frame.ProtocolError},
		{"\x03\xed", frame.ErrCloseCode, frame.ProtocolError},     // 1005
		{"\x03\xee", frame.ErrCloseCode, frame.ProtocolError},     // 1006
		{"\x00\x00bye", frame.ErrCloseCode, frame.ProtocolError},  // 0
		{"\xff\xff\xff", frame.ErrCloseCode, frame.ProtocolError}, // the code is looked at first
		{"\x03\xe8\xff", frame.ErrCloseReason, frame.InvalidPayload},
		{"\x03\xe8κόσμε\xed\xa0\x80edited", frame.ErrCloseReason, frame.InvalidPayload},
		{"\x03\xe8cut\xe2\x82", frame.ErrCloseReason, frame.InvalidPayload},
	} {
		code, reason, err := frame.ParseClose([]byte(c.payload))
		require.ErrorIs(t, err, c.want, "%q", c.payload)
		require.ErrorIs(t, err, c.code, "%q", c.payload)
		require.Zero(t, code)
		require.Empty(t, reason)
	}
}

func TestEveryCodeIsParsedAsItIsLegal(t *testing.T) {
	for c := range 1 << 16 {
		code, _, err := frame.ParseClose([]byte{byte(c >> 8), byte(c)})
		if frame.Code(c).Valid() {
			require.NoError(t, err)
			require.Equal(t, frame.Code(c), code)
		} else {
			require.ErrorIs(t, err, frame.ErrCloseCode)
		}
	}
}

func TestAppendCloseRefusesWhatParseCloseWould(t *testing.T) {
	for _, c := range []struct {
		code   frame.Code
		reason string
		want   error
	}{
		{frame.Abnormal, "", frame.ErrCloseCode},
		{1004, "", frame.ErrCloseCode},
		{1015, "bye", frame.ErrCloseCode},
		{0, "", frame.ErrCloseCode},
		{5000, "", frame.ErrCloseCode},
		{frame.NoStatus, "a reason with no code", frame.ErrCloseLength},
		{frame.Normal, "\xff", frame.ErrCloseReason},
		{frame.Normal, strings.Repeat("*", 200) + "\xff", frame.ErrCloseReason},
	} {
		dst, err := frame.AppendClose([]byte("before"), c.code, c.reason)
		require.ErrorIs(t, err, c.want)
		require.Equal(t, "before", string(dst))
	}
}

func TestAppendCloseWithoutAStatusIsEmpty(t *testing.T) {
	dst, err := frame.AppendClose([]byte("before"), frame.NoStatus, "")
	require.NoError(t, err)
	require.Equal(t, "before", string(dst))
}

// TestALongReasonIsCutBetweenCharacters has characters of each length lie on
// the limit in every way.
func TestALongReasonIsCutBetweenCharacters(t *testing.T) {
	for _, char := range []string{"a", "µ", "€", "🙂"} {
		for before := 100; before < 125; before++ {
			reason := strings.Repeat("*", before) + strings.Repeat(char, 40)
			p, err := frame.AppendClose(nil, frame.Normal, reason)
			require.NoError(t, err)
			require.LessOrEqual(t, len(p), frame.MaxControlPayload)
			require.Greater(t, len(p), frame.MaxControlPayload-len(char), "cut too early")
			code, got, err := frame.ParseClose(p)
			require.NoError(t, err)
			require.Equal(t, frame.Normal, code)
			require.True(t, strings.HasPrefix(reason, got))
		}
	}
}

func TestAReasonThatFitsIsNotCut(t *testing.T) {
	reason := strings.Repeat("€", 41) // 123 octets
	p, err := frame.AppendClose(nil, frame.Normal, reason)
	require.NoError(t, err)
	require.Equal(t, reason, string(p[2:]))
}

func FuzzClose(f *testing.F) {
	f.Add([]byte("\x03\xe8bye"))
	f.Add([]byte("\x03"))
	f.Add([]byte("\x03\xed"))
	f.Add([]byte("\x03\xe8\xe2\x82"))
	f.Add([]byte("\x0b\xb8" + strings.Repeat("€", 50)))
	f.Fuzz(func(t *testing.T, p []byte) {
		code, reason, err := frame.ParseClose(p)
		if err != nil {
			require.True(t, is(err, frame.ProtocolError) || is(err, frame.InvalidPayload))
			if len(p) < 2 {
				return
			}
			bad := frame.Code(p[0])<<8 | frame.Code(p[1])
			if bad == frame.NoStatus {
				return // stands for the empty payload here
			}
			_, err = frame.AppendClose(nil, bad, string(p[2:]))
			require.Error(t, err, "AppendClose writes what ParseClose refuses")
			return
		}
		require.True(t, utf8.ValidString(reason))
		back, err := frame.AppendClose(nil, code, reason)
		require.NoError(t, err)
		if len(p) <= frame.MaxControlPayload {
			require.Equal(t, string(p), string(back))
		} else {
			require.True(t, strings.HasPrefix(string(p), string(back)))
		}
	})
}
