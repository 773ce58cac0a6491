// SPDX-License-Identifier: Apache-2.0
import Accounts
import SealedSQLite

/// What can be said of an account's file without its key.
package struct ClosedReport: Sendable, Equatable {
    /// Pages that were read, and their bytes.
    package internal(set) var pages = 0
    package internal(set) var bytes = 0
    /// A sentence each; empty: no damage shows. The tags of the pages were not looked at.
    package internal(set) var findings: [String] = []
}

extension AccountFile {
    /// Reads every page of an account's file without its key, while it may be in use, and follows the log's chain of checksums
    /// (`FileSnapshot.examine`). Changes nothing and stops nobody; the file's log grows meanwhile.
    ///
    /// - Parameter progress: pages read so far, of how many.
    /// A file that is damaged or not there is a finding. Throws `.busy`, `.unavailable`.
    package static func checkClosed(
        path: String, progress: (_ done: Int, _ of: Int) -> Void = { _, _ in }
    ) throws(StoreError) -> ClosedReport {
        var report = ClosedReport()
        do throws(SnapshotError) {
            let snapshot = try FileSnapshot(path: path)
            report.findings = try snapshot.examine(progress)
            (report.pages, report.bytes) = (Int(snapshot.pages), Int(snapshot.bytes))
        } catch {
            switch error {
            case .busy: throw .busy
            case .notAllowed, .failed: throw .unavailable("\(error)")
            case .noSuchFile: report.findings.append("the file is not there; restore it from a backup")
            case .notSealed: report.findings.append("the head of the file is damaged: it is not a sealed file")
            case .damaged: report.findings.append("the file cannot be read to its end")
            }
        }
        return report
    }
}
