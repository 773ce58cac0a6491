// SPDX-License-Identifier: Apache-2.0
import OutgoingQueue
import Testing

@Suite(.timeLimit(.minutes(1))) struct WorkSignalsTests {
    @Test func eachWakeUpIsHeardAndTheEndToo() async {
        let work = WorkSignals()
        let (wakeUps, wakeUp) = AsyncStream.makeStream(of: Void.self)
        let feeding = Task { await work.feed(wakeUps, every: 3_600) }
        var heard = 0
        for await _ in work.signals {
            heard += 1
            // The first is the sweep's; then two wake-ups, one after the other, and one of our own.
            switch heard {
            case 1, 2: wakeUp.yield()
            case 3: work.signal()
            default: feeding.cancel()
            }
        }
        await feeding.value
        #expect(heard == 4)
    }

    @Test func theSweepGoesOnWithoutWakeUps() async {
        let work = WorkSignals()
        let (wakeUps, wakeUp) = AsyncStream.makeStream(of: Void.self)
        wakeUp.finish()
        let feeding = Task { await work.feed(wakeUps, every: 0) }
        var heard = 0
        for await _ in work.signals {
            heard += 1
            if heard == 3 { feeding.cancel() }
        }
        #expect(heard >= 3)
    }
}
