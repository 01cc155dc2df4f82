package conn_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/bellwire/bellwire/conn"
	"github.com/bellwire/bellwire/frame"
	"github.com/bellwire/bellwire/wstest"
)

// connect stands for an opening handshake.
func connect() (server, client *conn.Conn) {
	a, b := wstest.NetPipe()
	server, _ = conn.New(a, conn.Server, conn.Agreement{}, nil)
	client, _ = conn.New(b, conn.Client, conn.Agreement{}, nil)
	return server, client
}

func ExampleNew() {
	a, b := wstest.NetPipe() // any net.Conn, after the opening handshake
	server, err := conn.New(a, conn.Server, conn.Agreement{Subprotocol: "chat"}, &conn.Options{
		Limits: conn.Limits{MaxMessage: 64 << 10},
		Queue:  conn.Queue{OnFull: conn.Disconnect},
	})
	if err != nil {
		panic(err)
	}
	client, _ := conn.New(b, conn.Client, conn.Agreement{Subprotocol: "chat"}, nil)

	ctx := context.Background()
	go func() {
		_ = client.WriteText(ctx, "hello")
		_ = client.Close(ctx, frame.Normal, "done")
	}()
	for m, err := range server.Messages(ctx) {
		fmt.Println(m.Type, string(m.Data), err)
	}
	fmt.Println(server.Err())
	// Output:
	// text hello <nil>
	// websocket: connection closed by the peer: 1000 normal closure "done"
}

func ExampleConn_Read() {
	server, client := connect()
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	_, err := server.Read(ctx) // nothing has come, and nothing is lost
	fmt.Println(errors.Is(err, context.DeadlineExceeded), server.Err())

	_ = client.WriteText(context.Background(), "later")
	m, err := server.Read(context.Background())
	fmt.Println(string(m.Data), err)
	// Output:
	// true <nil>
	// later <nil>
}

func ExampleConn_ReadInto() {
	server, client := connect()
	ctx := context.Background()
	_ = client.WriteText(ctx, "one")
	_ = client.WriteText(ctx, "two")
	buf := make([]byte, 0, 1024)
	for range 2 {
		var err error
		if _, buf, err = server.ReadInto(ctx, buf[:0]); err != nil {
			return
		}
		fmt.Printf("%s\n", buf)
	}
	// Output:
	// one
	// two
}

func ExampleConn_Writer() {
	server, client := connect()
	ctx := context.Background()
	go func() {
		w, err := server.Writer(ctx, conn.Text)
		if err != nil {
			return
		}
		for i := range 3 {
			fmt.Fprintf(w, "part %d\n", i)
			_ = w.Flush() // let the peer see it now
		}
		_ = w.Close()
	}()
	_, r, err := client.Reader(ctx)
	if err != nil {
		return
	}
	_, _ = io.Copy(os.Stdout, r)
	// Output:
	// part 0
	// part 1
	// part 2
}

func ExampleConn_WriteLatest() {
	server, client := connect()
	// However slow the peer is, at most one price of each kind waits for it.
	_ = server.WriteLatest("EUR/USD", conn.Text, []byte("1.0831"))
	m, _ := client.Read(context.Background())
	fmt.Println(string(m.Data))
	// Output: 1.0831
}

func ExampleConn_Stream() {
	server, client := connect()
	go func() {
		tunnel := server.Stream(conn.Binary) // a net.Conn
		fmt.Fprint(tunnel, "any protocol")
		_ = tunnel.Close()
	}()
	all, err := io.ReadAll(client.Stream(conn.Binary))
	fmt.Println(string(all), err)
	// Output: any protocol <nil>
}

func ExampleCloseError() {
	server, client := connect()
	go client.Close(context.Background(), frame.GoingAway, "reload")
	_, err := server.Read(context.Background())
	var end *conn.CloseError
	if errors.As(err, &end) {
		fmt.Println(end.Code, end.Reason, end.Remote, end.Clean)
	}
	fmt.Println(errors.Is(err, frame.GoingAway))
	// Output:
	// 1001 going away reload true true
	// true
}

func ExampleAbort() {
	handler := func(quota int) error {
		if quota == 0 {
			return conn.Abort(frame.Policy, "quota exceeded")
		}
		return nil
	}
	fmt.Println(handler(0))
	// Output: websocket: abort: 1008 policy violation "quota exceeded"
}
