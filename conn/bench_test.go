package conn_test

import (
	"fmt"
	"io"
	"testing"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
)

// One message to a server and back, the peer being as cheap as can be.
func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{16, 128, 1024, 16 << 10, 64 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c, p := against(b, conn.Server, nil)
			wire := p.wire(frame.Binary, true, string(pattern(size)))
			answer := make([]byte, len(wire)-4) // without the key
			go echo(c)
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				go p.nc.Write(wire)
				if _, err := io.ReadFull(p.nc, answer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// A message that is admitted and written by the caller, in both roles.
func BenchmarkWrite(b *testing.B) {
	for _, role := range []conn.Role{conn.Server, conn.Client} {
		for _, size := range []int{128, 64 << 10} {
			b.Run(fmt.Sprintf("%v/%d", role, size), func(b *testing.B) {
				c, p := against(b, role, nil)
				go io.Copy(io.Discard, p.nc)
				payload := pattern(size)
				b.ReportAllocs()
				b.SetBytes(int64(size))
				for b.Loop() {
					if err := c.Write(background, conn.Binary, payload); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
