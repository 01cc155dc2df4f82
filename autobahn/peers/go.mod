module github.com/bellwire/bellwire/autobahn/peers

go 1.26.0

require (
	github.com/bellwire/bellwire v0.0.0
	github.com/coder/websocket v1.8.15
	github.com/gobwas/httphead v0.1.0
	github.com/gobwas/ws v1.5.0
	github.com/gorilla/websocket v1.5.3
	github.com/stretchr/testify v1.12.1
)

require go.yaml.in/yaml/v3 v3.0.5 // indirect

replace github.com/bellwire/bellwire => ../..
