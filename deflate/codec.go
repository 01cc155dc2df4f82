package deflate

// A Codec is what a connection needs once the extension has been agreed upon:
// a [Compressor] for what it sends, and a [Decompressor] for what it receives.
type Codec struct {
	Out *Compressor
	In  *Decompressor
}

// ServerCodec returns the codec of a server that has agreed on p.
func (o *Options) ServerCodec(p Params) *Codec { return o.codec(p.Server, p.Client) }

// ClientCodec returns the codec of a client that has agreed on p.
func (o *Options) ClientCodec(p Params) *Codec { return o.codec(p.Client, p.Server) }

func (o *Options) codec(out, in Agreed) *Codec {
	level, threshold, ratio := o.Level, o.Threshold, o.MaxRatio
	orDefault(&level, defaultLevel)
	orDefault(&threshold, defaultThreshold)
	orDefault(&ratio, defaultRatio)
	c := &Compressor{
		variant:   Variant{uint8(level), uint8(out.WindowBits)},
		threshold: threshold,
		own:       own{on: o.Dedicated},
	}
	if out.Takeover {
		c.keep = o.context(out.WindowBits, in.memory())
	}
	c.takeover = c.keep > 0
	d := &Decompressor{bits: in.WindowBits, ratio: int64(ratio)}
	d.window.size = in.memory()
	return &Codec{c, d}
}

func orDefault(v *int, def int) {
	if *v == 0 {
		*v = def
	}
}
