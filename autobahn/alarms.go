package autobahn

import "time"

// alarms are the timers of one connection. They ring in the goroutine that
// waits for them, in order.
type alarms struct {
	list  []alarm
	timer *time.Timer
}

type alarm struct {
	at   time.Time
	ring func()
}

func (a *alarms) after(d time.Duration, ring func()) {
	a.list = append(a.list, alarm{time.Now().Add(d), ring})
}

// earliest finds the alarm that rings next; -1 if there is none.
func (a *alarms) earliest() int {
	first := -1
	for i := range a.list {
		if first < 0 || a.list[i].at.Before(a.list[first].at) {
			first = i
		}
	}
	return first
}

// next is ready when ring should be called.
func (a *alarms) next() <-chan time.Time {
	i := a.earliest()
	if i < 0 {
		return nil
	}
	d := time.Until(a.list[i].at)
	if a.timer == nil {
		a.timer = time.NewTimer(d)
	} else {
		a.timer.Reset(d)
	}
	return a.timer.C
}

// ring runs the next alarm if its time has come.
func (a *alarms) ring() {
	i := a.earliest()
	if i < 0 || time.Now().Before(a.list[i].at) {
		return
	}
	ring := a.list[i].ring
	a.list = append(a.list[:i:i], a.list[i+1:]...)
	ring()
}
