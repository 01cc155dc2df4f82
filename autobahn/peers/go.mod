module github.com/bellwire/bellwire/autobahn/peers

go 1.26.0

require (
	github.com/bellwire/bellwire v0.0.0
	github.com/coder/websocket v1.8.15
	github.com/gobwas/ws v1.5.0
	github.com/gorilla/websocket v1.5.3
	github.com/stretchr/testify v1.12.1
)

replace github.com/bellwire/bellwire => ../..
