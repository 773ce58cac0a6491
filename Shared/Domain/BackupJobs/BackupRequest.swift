// SPDX-License-Identifier: Apache-2.0

/// A request named a backup by what is no id.
package struct MalformedBackupID: Error, CustomStringConvertible {
    package var description: String { "this is no id of a backup; they are as 20261124T031502Z-5f0c9a1e" }
}

/// Something asked of the Backup service.
package struct BackupRequest: Codable, Sendable, Equatable {
    package enum Work: Codable, Sendable, Equatable {
        /// Take a backup now.
        case backup
        /// Read every byte of a backup and check it; `nil`: of all of them.
        case verify(backup: String?)
        /// Remove backups that the retention no longer keeps, and what belongs to none.
        case tidy
    }

    /// 16 hex digits; `BackupStatus` names a job by it.
    package let id: String
    package let work: Work
    /// Seconds since 1970. A request that is older than `lifetime` when the service sees it is not done any more.
    package let asked: Int64

    /// Seconds.
    package static let lifetime: Int64 = 600

    /// Whether a backup that it names has the form of an id.
    var isWellFormed: Bool {
        guard case .verify(let backup?) = work else { return true }
        return BackupSummary.isID(backup)
    }

    package init(_ work: Work, asked: Int64) {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        id = String(repeating: "0", count: 16 - digits.count) + digits
        self.work = work
        self.asked = asked
    }
}
