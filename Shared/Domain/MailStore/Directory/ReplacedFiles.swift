// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Names for files of accounts in whose place others came: they are kept in the folder `replaced` beside them, sealed, until the
/// operator removes them.
package struct ReplacedFiles: Sendable {
    private let folder: String
    /// One for all files that go together, so that a log is found with its file.
    private let mark: String

    package static func folder(in root: String) -> String { root + "/replaced" }

    /// - Parameter root: folder of the account files.
    package init(in root: String, at time: Date = Date()) {
        folder = Self.folder(in: root)
        let random = String(UInt32.random(in: 0 ... .max), radix: 16)
        mark = "-\(time.stamp)-" + String(repeating: "0", count: 8 - random.count) + random
    }

    /// A name that no other file has: for `<32 hex digits>.<kind>` it is `<32 hex digits>-20261124T031502Z-<8 hex digits>.<kind>`.
    /// Makes the folder. Throws `StoreError.unavailable`.
    package func path(of name: String) throws(StoreError) -> String {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o770])
        } catch { throw .unavailable("making \(folder): \(error.localizedDescription)") }
        let end = name.firstIndex(of: ".") ?? name.endIndex
        return "\(folder)/\(name[..<end])\(mark)\(name[end...])"
    }
}

extension Date {
    /// As `20261124T031502Z`: for names, which are in order as the times are.
    package var stamp: String { ISO8601Format().filter { $0 != "-" && $0 != ":" } }
}
