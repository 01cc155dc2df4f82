package client_test

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/bellwire/bellwire/client"
)

const established = "HTTP/1.1 200 Connection established\r\n\r\n"

// tunnels is a proxy by CONNECT with one host behind it, whatever its name.
func tunnels(behind host) host {
	return func(nc net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(nc))
		if err != nil || r.Method != http.MethodConnect {
			return
		}
		io.WriteString(nc, established)
		behind(nc)
	}
}

// recorded is a host that first tells what it was asked by CONNECT.
func recorded(asked chan<- *http.Request, behind host) host {
	return func(nc net.Conn) {
		r, err := http.ReadRequest(bufio.NewReader(nc))
		if err != nil {
			return
		}
		asked <- r
		io.WriteString(nc, established)
		behind(nc)
	}
}

func TestAProxyIsAskedForATunnel(t *testing.T) {
	for _, test := range []struct {
		name, url, proxy string
		options          client.Options
		dialled, target  string
		auth             string
	}{
		{name: "ws", url: "ws://h/echo", proxy: "http://p", dialled: "tcp p:80", target: "h:80"},
		{name: "a port", url: "ws://[::1]:81/echo", proxy: "http://[::2]:3128", dialled: "tcp [::2]:3128", target: "[::1]:81"},
		{name: "an address with a zone", url: "ws://[fe80::1%25eth0]/echo", proxy: "http://p", dialled: "tcp p:80", target: "[fe80::1]:80"},
		{name: "a name that is not ASCII", url: "ws://bücher.example", proxy: "http://büro.example", dialled: "tcp xn--bro-hoa.example:80", target: "xn--bcher-kva.example:80"},
		{name: "wss", url: "wss://example.com/echo", proxy: "http://p", dialled: "tcp p:80", target: "example.com:443"},
		{name: "wss through https", url: "wss://example.com/echo", proxy: "https://example.com", dialled: "tcp example.com:443", target: "example.com:443"},
		{name: "ws through https", url: "ws://h", proxy: "https://example.com:8443", dialled: "tcp example.com:8443", target: "h:80"},
		{name: "a user of the proxy", url: "ws://joe:x@h", proxy: "http://user:s%3Acret@p", dialled: "tcp p:80", target: "h:80", auth: "user:s:cret"},
		{
			name: "Proxy-Authorization", url: "ws://joe:x@h", proxy: "http://user:secret@p", dialled: "tcp p:80", target: "h:80", auth: "other",
			options: client.Options{Header: http.Header{"proxy-authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte("other"))}}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked := make(chan *http.Request, 1)
			h := host(echoes)
			if strings.HasPrefix(test.url, "wss") {
				h = secured(h)
			}
			h = recorded(asked, h)
			if strings.HasPrefix(test.proxy, "https") {
				h = secured(h)
			}
			w := newWorld(t, map[string]host{"": h})
			test.options.Dial, test.options.Proxy, test.options.TLS = w.dial, by(test.proxy), trusting()
			requireEcho(t, dialled(t, test.url, &test.options))
			r := <-asked
			require.Equal(t, []string{test.dialled}, w.dialled)
			require.Equal(t, http.MethodConnect, r.Method)
			require.Equal(t, test.target, r.RequestURI)
			require.Equal(t, test.target, r.Host)
			if test.auth != "" {
				require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte(test.auth)), r.Header.Get("Proxy-Authorization"))
				delete(r.Header, "Proxy-Authorization")
			}
			require.Empty(t, r.Header) // nothing that is for the server
		})
	}
}

func TestAProxyIsChosenByTheRequest(t *testing.T) {
	for rawURL, asked := range map[string]string{
		"ws://joe:x@h/a?b":    "http://h/a?b",
		"wss://example.com:1": "https://example.com:1",
	} {
		o := one(t, echoes)
		o.Proxy = func(r *http.Request) (*url.URL, error) {
			require.Equal(t, asked, r.URL.String())
			require.Equal(t, r.URL.Host, r.Host)
			require.Equal(t, http.MethodGet, r.Method)
			require.NotNil(t, r.Context().Done())
			r.Header.Set("X", "Proxy may be careless")
			return nil, errors.New("no such day")
		}
		e := refused(t, rawURL, o)
		require.Equal(t, client.Proxy, e.Stage)
		require.ErrorContains(t, e, "no such day")
		require.False(t, e.Temporary())
	}
}

func TestTheServerNameOfTheOptionsIsNotTheProxys(t *testing.T) {
	o := one(t, secured(tunnels(secured(echoes))))
	o.Proxy = by("https://127.0.0.1:8443")
	o.TLS = trusting()
	o.TLS.ServerName = "example.com"
	requireEcho(t, dialled(t, "wss://10.1.2.3", o))

	o.Proxy = by("https://p.example")
	e := refused(t, "wss://10.1.2.3", o)
	require.Equal(t, client.Proxy, e.Stage)
	require.ErrorContains(t, e, "not p.example")
}

func TestARefusalOfTheProxyIsReported(t *testing.T) {
	o := one(t, says("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 7\r\n\r\nwho?\r\nX"))
	o.Proxy = by("http://user:secret@p")
	e := refused(t, "wss://h", o)
	require.Equal(t, client.Proxy, e.Stage)
	require.Equal(t, 407, e.Status)
	require.Equal(t, "Basic", e.Header.Get("Proxy-Authenticate"))
	require.Equal(t, "who?\r\nX", string(e.Body))
	require.EqualError(t, e, "websocket: dial wss://h: proxy: 407 Proxy Authentication Required: who?: the proxy does not open a tunnel")
	require.False(t, e.Temporary())
}

func TestWhatAProxyCanDoWrong(t *testing.T) {
	for _, test := range []struct {
		name      string
		proxy     string
		host      host
		says      string
		temporary bool
	}{
		{"garbage", "http://p", greets("hello, I am a proxy\r\n"), "malformed HTTP", false},
		{"garbage for TLS", "https://p", greets("hello, I am a proxy\r\n"), "does not look like a TLS handshake", false},
		{"hang up", "http://p", leaves, "closed before", true},
		{"hang up in TLS", "https://p", leaves, "EOF", true},
		{"another name", "https://p.example", secured(silent), "certificate is valid for", false},
		{"not connect", "http://nowhere", nil, "refused", true},
		{"not connect either", "https://nowhere", nil, "refused", true},
		{"be out of order", "http://p", says("HTTP/1.1 503 Service Unavailable\r\n\r\n"), "503 Service Unavailable", true},
		{"switch protocols", "http://p", says("HTTP/1.1 101 Switching Protocols\r\n\r\n"), "does not open a tunnel", false},
		{"speak for the server", "http://p", says(established + "HTTP/1.1 101 Switching Protocols\r\n\r\n"), "before the server could", false},
		{"flood", "http://p", flood("HTTP/1.1 200 OK\r\n", "X: y\r\n", new(int)), "larger than 64 KiB", false},
		{"have no name", "http://:3128", silent, "no name", false},
		{"have another scheme", "ftp://p", silent, `"ftp"`, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			hosts := map[string]host{"": test.host}
			if test.host == nil {
				hosts = nil
			}
			o := newWorld(t, hosts).options()
			o.Proxy, o.TLS = by(test.proxy), trusting()
			e := refused(t, "ws://h", o)
			require.Equal(t, client.Proxy, e.Stage)
			require.ErrorContains(t, e, test.says)
			require.Equal(t, test.temporary, e.Temporary(), "%v", e)
		})
	}
}

// A socks is a proxy of RFC 1928 and 1929 in its simplest form.
type socks struct {
	user, password string // none: anybody may come in
	reply          byte   // 0: succeeded
	asked          chan string
	behind         host
}

func (s *socks) serve(nc net.Conn) {
	read := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(nc, b); err != nil {
			return make([]byte, n)
		}
		return b
	}
	// VER, NMETHODS, METHODS
	methods := string(read(int(read(2)[1])))
	method := byte(0)
	if s.user != "" {
		method = 2
	}
	if !strings.ContainsRune(methods, rune(method)) {
		nc.Write([]byte{5, 0xFF})
		return
	}
	nc.Write([]byte{5, method})
	if s.user != "" {
		// VER, ULEN, UNAME, PLEN, PASSWD
		user := string(read(int(read(2)[1])))
		password := string(read(int(read(1)[0])))
		ok := user == s.user && password == s.password
		nc.Write([]byte{1, map[bool]byte{true: 0, false: 1}[ok]})
		if !ok {
			return
		}
	}
	// VER, CMD, RSV, ATYP, DST.ADDR, DST.PORT
	head := read(4)
	addr := ""
	switch head[3] {
	case 1:
		addr = net.IP(read(4)).String()
	case 3:
		addr = string(read(int(read(1)[0])))
	case 4:
		addr = "[" + net.IP(read(16)).String() + "]"
	}
	port := read(2)
	s.asked <- addr + ":" + string('0'+port[1]/10) + string('0'+port[1]%10)
	nc.Write([]byte{5, s.reply, 0, 1, 0, 0, 0, 0, 0, 0})
	if s.reply == 0 {
		s.behind(nc)
	}
}

func TestASOCKSProxyIsAskedForATunnel(t *testing.T) {
	for _, test := range []struct {
		name, url, proxy, user, password string
		dialled, asked                   string
	}{
		{name: "a name", url: "ws://h.example", proxy: "socks5://p", dialled: "tcp p:1080", asked: "h.example:80"},
		{name: "an address", url: "ws://10.1.2.3:81", proxy: "socks5h://p:90", dialled: "tcp p:90", asked: "10.1.2.3:81"},
		{name: "an address of IPv6", url: "ws://[::1]", proxy: "socks5://[::2]", dialled: "tcp [::2]:1080", asked: "[::1]:80"},
		{name: "a user", url: "ws://h", proxy: "socks5://joe:s%3Acret@p", user: "joe", password: "s:cret", dialled: "tcp p:1080", asked: "h:80"},
		{name: "a user whom nobody asked for", url: "ws://h", proxy: "socks5://joe:secret@p", dialled: "tcp p:1080", asked: "h:80"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &socks{user: test.user, password: test.password, asked: make(chan string, 1), behind: echoes}
			w := newWorld(t, map[string]host{"": s.serve})
			o := w.options()
			o.Proxy = by(test.proxy)
			c := dialled(t, test.url, o)
			requireEcho(t, c)
			require.Equal(t, test.asked, <-s.asked)
			require.Equal(t, []string{test.dialled}, w.dialled)
			// What came back of the proxy can half-close, so that the
			// connection can part in good order.
			require.Implements(t, (*interface{ CloseWrite() error })(nil), c.NetConn())
			require.NoError(t, c.Close(t.Context(), 1000, ""))
		})
	}
}

func TestWhatASOCKSProxyCanDoWrong(t *testing.T) {
	for _, test := range []struct {
		name, says, proxy string
		host              host
	}{
		{"speak HTTP", "unexpected protocol version", "socks5://p", greets("HTTP/1.1 400 Bad Request\r\n\r\n")},
		{"not know the user", "authentication failed", "socks5://joe:wrong@p", (&socks{user: "joe", password: "secret"}).serve},
		{"want a user", "authentication", "socks5://p", (&socks{user: "joe", password: "secret"}).serve},
		{"not reach the server", "refused", "socks5://p", (&socks{reply: 5, asked: make(chan string, 1)}).serve},
		{"hang up", "EOF", "socks5://p", leaves},
		{"have no name", "no name", "socks5://:1080", silent},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := one(t, test.host)
			o.Proxy = by(test.proxy)
			e := refused(t, "ws://h", o)
			require.Equal(t, client.Proxy, e.Stage)
			require.ErrorContains(t, e, test.says)
		})
	}
}

func TestAProxyIsTakenFromTheEnvironment(t *testing.T) {
	for rawURL, proxy := range map[string]string{
		"ws://h":          "tcp proxy.for.http:3128",
		"wss://h":         "tcp proxy.for.https:3129",
		"ws://127.0.0.1":  "tcp 127.0.0.1:80",
		"wss://localhost": "tcp localhost:443",
	} {
		w := newWorld(t, nil)
		refused(t, rawURL, &client.Options{Dial: w.dial})
		require.Equal(t, []string{proxy}, w.dialled)
	}
}
