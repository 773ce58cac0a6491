// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ServiceKit

@Suite struct LoginGateTests {
    @Test func firstTenFailuresCostNothing() async {
        let gate = ProcessLoginGate()
        for _ in 0..<10 {
            #expect(gate.delay(address: "192.0.2.1") == 0)
            await gate.failed(address: "192.0.2.1")
        }
        #expect(gate.delay(address: "192.0.2.1") == 0)
        await gate.failed(address: "192.0.2.1")
        #expect(gate.delay(address: "192.0.2.1") == 1)
        for _ in 0..<100 { await gate.failed(address: "192.0.2.1") }
        #expect(gate.delay(address: "192.0.2.1") == 10)
        #expect(gate.delay(address: "192.0.2.2") == 0)
    }
}
