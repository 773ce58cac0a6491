// SPDX-License-Identifier: Apache-2.0
import TestSupport
import Testing

/// The store on a disk that fails at the n-th call (`Tests/StoreFaults`): what was acknowledged is there, everything else is
/// there whole or not at all, the file is sound, and it works on.
@Suite struct FaultTests {
    @Test func aDiskThatFailsLosesNothing() async throws {
        let report = try await Program.runAside(Program.product("StoreFaults"), Program.isFull ? ["--full"] : [])
        print(report)
        #expect(report.contains("account: power cut: ") && report.contains("spool: short read: "))
        #expect(report.contains("config: sync error: ") && report.contains("slots: a new key: "))
        #expect(report.contains("arrivals: power cut: ") && report.contains("rekey: write errors: "))
    }

    /// A disk that says it synced and did not must be found out: else the test above would prove nothing.
    @Test func aDiskThatLiesIsFoundOut() async throws {
        let report = try await Program.runAside(Program.product("StoreFaults"), ["--lying"])
        #expect(report.contains("FAIL power cut of account"))
    }
}
