// SPDX-License-Identifier: Apache-2.0

import ServiceKit
import Testing

@Suite struct MessageMemoryTests {
    @Test func isTakenAndGivenBack() async {
        let memory = MessageMemory(limit: 100)
        var first: MessageMemory.Lease? = memory.lease()
        #expect(first?.grow(by: 60) == true)
        let second = memory.lease()
        #expect(!second.grow(by: 41) && second.grow(by: 40))
        #expect(memory.inUse == 100)
        first = nil
        #expect(memory.inUse == 40)
        #expect(await second.grow(to: 100, within: .zero))
        #expect(await second.grow(to: 90, within: .zero))
        #expect(memory.inUse == 100)
    }

    @Test func whoWaitsInVainTakesNothing() async {
        let memory = MessageMemory(limit: 100)
        let first = memory.lease()
        #expect(first.grow(by: 60))
        let second = memory.lease()
        #expect(await !second.grow(to: 50, within: .milliseconds(1)))
        #expect(await !second.grow(to: 101, within: .seconds(3_600)), "it can never fit")
        #expect((memory.inUse, memory.waiting) == (60, 0))
    }

    @Test func roomIsGivenInTurn() async {
        let memory = MessageMemory(limit: 100)
        var first: MessageMemory.Lease? = memory.lease()
        #expect(first?.grow(by: 60) == true)
        let (large, small) = (memory.lease(), memory.lease())
        let waitsForMuch = Task { await large.grow(to: 70, within: .seconds(3_600)) }
        while memory.waiting < 1 { await Task.yield() }
        let waitsForLittle = Task { await small.grow(to: 40, within: .seconds(3_600)) }
        while memory.waiting < 2 { await Task.yield() }
        #expect(memory.inUse == 60, "what is free is kept for the first")
        // The first gives up: the next has room.
        waitsForMuch.cancel()
        #expect(await !waitsForMuch.value)
        #expect(await waitsForLittle.value)
        #expect(memory.inUse == 100)
        let again = Task { await large.grow(to: 50, within: .seconds(3_600)) }
        while memory.waiting < 1 { await Task.yield() }
        first = nil
        #expect(await again.value)
        #expect(memory.inUse == 90)
    }
}
