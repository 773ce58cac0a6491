// SPDX-License-Identifier: Apache-2.0

extension FileSnapshot {
    /// Findings of one kind that are named one by one.
    private static let findingsNamed = 20

    /// Looks for damage that shows without the key: reads every page, and follows the log's chain of checksums, which goes over
    /// ciphertext. A changed byte of a page that is not in the log does not show: only its tag tells.
    ///
    /// - Parameter progress: pages read so far, of how many.
    /// Returns a sentence for each finding. Throws `SnapshotError` when the file was replaced or closed under it.
    package func examine(_ progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }) throws(SnapshotError) -> [String] {
        var findings: [String] = []
        var page: [UInt8] = Array(repeating: 0, count: pageSize)
        var unreadable: [UInt32] = []
        var empty: [UInt32] = []
        for number in 1...max(1, pages) {
            if number % 1_024 == 1 { progress(Int(number) - 1, Int(pages)) }
            do throws(SnapshotError) {
                try readOne(number, into: &page)
                // With its nonce and tag no page that was written is all zeros.
                if isWritten(number), page.allSatisfy({ $0 == 0 }) { empty.append(number) }
            } catch .damaged {
                unreadable.append(number)
            }
        }
        findings += Self.sentences("cannot be read", unreadable)
        findings += Self.sentences("is empty: what was in it is lost", empty)
        if try isLogCut() {
            findings.append(
                "the log is damaged: changes behind the damage, which were on disk, are lost or cannot be read")
        }
        try check()
        return findings
    }

    private func readOne(_ number: UInt32, into page: inout [UInt8]) throws(SnapshotError) {
        var failure: SnapshotError?
        page.withUnsafeMutableBytes { buffer in
            do throws(SnapshotError) { _ = try read(from: number, into: buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }

    private static func sentences(_ what: String, _ pages: [UInt32]) -> [String] {
        let more = pages.count - findingsNamed
        return pages.prefix(findingsNamed).map { "page \($0) \(what)" }
            + (more > 0 ? ["and \(more) more pages: each \(what)"] : [])
    }
}
