package handshake

// Effort is the number of octets that all calls of Parse have searched.
func (p *Parser) Effort() int { return p.effort }

// HasToken is what Upgrade and Connection are read with.
func HasToken(list, token string) bool { return hasToken(list, token) }
