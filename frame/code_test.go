package frame_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/frame"
)

func TestEveryCodeIsLegalOrNot(t *testing.T) {
	for c := range 1 << 16 {
		want := c >= 1000 && c <= 1003 || c >= 1007 && c <= 1014 || c >= 3000 && c <= 4999
		require.Equal(t, want, frame.Code(c).Valid(), "code %d", c)
	}
}

func TestEveryCodeHasAName(t *testing.T) {
	for c := range 1 << 16 {
		var number int
		var name string
		_, err := fmt.Sscanf(frame.Code(c).Error(), "%d %s", &number, &name)
		require.NoError(t, err, "code %d", c)
		require.Equal(t, c, number)
	}
	for c, want := range map[frame.Code]string{
		0:                    "0 not used",
		frame.Normal:         "1000 normal closure",
		frame.GoingAway:      "1001 going away",
		frame.ProtocolError:  "1002 protocol error",
		frame.Unsupported:    "1003 unsupported data",
		1004:                 "1004 reserved",
		frame.NoStatus:       "1005 no status received",
		frame.Abnormal:       "1006 abnormal closure",
		frame.InvalidPayload: "1007 invalid payload data",
		frame.Policy:         "1008 policy violation",
		frame.TooBig:         "1009 message too big",
		frame.MandatoryExt:   "1010 mandatory extension",
		frame.Internal:       "1011 internal error",
		frame.ServiceRestart: "1012 service restart",
		frame.TryAgainLater:  "1013 try again later",
		frame.BadGateway:     "1014 bad gateway",
		1015:                 "1015 TLS handshake",
		1016:                 "1016 reserved",
		3000:                 "3000 registered",
		4999:                 "4999 private use",
		5000:                 "5000 undefined",
	} {
		require.Equal(t, want, c.Error())
	}
}

func TestErrorsAreAskedForTheirCode(t *testing.T) {
	err := fmt.Errorf("reading: %w", frame.ErrUnmasked)
	require.ErrorIs(t, err, frame.ProtocolError)
	require.NotErrorIs(t, err, frame.GoingAway)
	require.NotErrorIs(t, err, errors.New("1002 protocol error"))
	require.EqualError(t, frame.ErrUnmasked, "RFC 6455 §5.1: a client's frame is not masked")
}
