// SPDX-License-Identifier: Apache-2.0

/// What the Backup service tells about itself. Times are seconds since 1970.
package struct BackupStatus: Codable, Sendable, Equatable {
    /// When the service said so; it does at start, at each change and each minute.
    package var published: Int64
    /// Where the backups are, as `/backups` or `offsite:mail`; never with a secret.
    package var target: String
    /// As `every day at 03:15`, or `not by itself`.
    package var schedule: String
    /// As `7 daily, 4 weekly, 6 monthly`.
    package var retention: String
    /// `nil`: only when asked.
    package var nextRun: Int64?
    package var running: RunningJob?
    /// Jobs that ended, newest first; at most `mostEnded`. One that failed says why.
    package var ended: [EndedJob]
    /// Newest first; at most `mostBackups`.
    package var backups: [BackupSummary]

    /// Backups that are told one by one.
    package static let mostBackups = 200
    package static let mostEnded = 20
    /// Longest text of a failure, a target or a stage, in characters.
    package static let longestText = 500

    package init(
        published: Int64, target: String, schedule: String, retention: String, nextRun: Int64? = nil,
        running: RunningJob? = nil, ended: [EndedJob] = [], backups: [BackupSummary] = []
    ) {
        self.published = published
        self.target = target
        self.schedule = schedule
        self.retention = retention
        self.nextRun = nextRun
        self.running = running
        self.ended = ended
        self.backups = backups
    }

    /// The latest job that failed, unless one of the same kind was done since.
    package var lastFailure: EndedJob? {
        var done: Set<BackupJobKind> = []
        for job in ended {
            if job.failure == nil { done.insert(job.kind) } else if !done.contains(job.kind) { return job }
        }
        return nil
    }

    /// As it is told: every list and text within its limit.
    var bounded: BackupStatus {
        func cut(_ text: String) -> String { String(text.prefix(Self.longestText)) }
        var status = self
        status.target = cut(target)
        status.schedule = cut(schedule)
        status.retention = cut(retention)
        status.running?.stage = cut(running?.stage ?? "")
        status.backups = Array(backups.prefix(Self.mostBackups))
        status.ended = ended.prefix(Self.mostEnded).map { job in
            var job = job
            job.failure = job.failure.map(cut)
            return job
        }
        return status
    }
}

/// What a job of the Backup service does.
package enum BackupJobKind: String, Codable, Sendable {
    case backup
    case verify
    case tidy
}

/// The one job that runs now.
package struct RunningJob: Codable, Sendable, Equatable {
    /// Of the request that asked for it; `nil`: the schedule did.
    package var request: String?
    package var kind: BackupJobKind
    /// For people, as `reading accounts` or `uploading`.
    package var stage: String
    package var doneBytes: Int64
    /// `nil` while it is not known.
    package var totalBytes: Int64?
    package var started: Int64

    package init(
        request: String? = nil, kind: BackupJobKind, stage: String, doneBytes: Int64 = 0, totalBytes: Int64? = nil,
        started: Int64
    ) {
        self.request = request
        self.kind = kind
        self.stage = stage
        self.doneBytes = doneBytes
        self.totalBytes = totalBytes
        self.started = started
    }
}

/// A job that is over.
package struct EndedJob: Codable, Sendable, Equatable {
    package var request: String?
    package var kind: BackupJobKind
    package var started: Int64
    package var ended: Int64
    /// The backup that was taken or verified; `nil`: none, or several.
    package var backup: String?
    /// `nil`: it was done. Else what was wrong and what to do.
    package var failure: String?

    package init(
        request: String? = nil, kind: BackupJobKind, started: Int64, ended: Int64, backup: String? = nil,
        failure: String? = nil
    ) {
        self.request = request
        self.kind = kind
        self.started = started
        self.ended = ended
        self.backup = backup
        self.failure = failure
    }
}

/// A backup that is there.
package struct BackupSummary: Codable, Sendable, Equatable {
    /// Its name: the UTC time at which it was begun and a random end, as `20261124T031502Z-5f0c9a1e`.
    package var id: String
    package var taken: Int64
    package var files: Int
    /// Of all its files; in the repository it takes less, since backups share what did not change.
    package var bytes: Int64
    /// When every byte of it was last read and found good; `nil`: not yet.
    package var verified: Int64?
    /// Whether a file of the store is not in it, or what it has cannot be read.
    package var incomplete: Bool

    package init(
        id: String, taken: Int64, files: Int, bytes: Int64, verified: Int64? = nil, incomplete: Bool = false
    ) {
        self.id = id
        self.taken = taken
        self.files = files
        self.bytes = bytes
        self.verified = verified
        self.incomplete = incomplete
    }

    /// Whether a text has the form of a backup's id.
    package static func isID(_ text: some StringProtocol) -> Bool {
        let bytes = Array(text.utf8.prefix(26))
        guard bytes.count == 25 else { return false }
        return bytes.indices.allSatisfy { index in
            switch index {
            case 8: bytes[index] == UInt8(ascii: "T")
            case 15: bytes[index] == UInt8(ascii: "Z")
            case 16: bytes[index] == UInt8(ascii: "-")
            case 17...: (48...57).contains(bytes[index]) || (97...102).contains(bytes[index])
            default: (48...57).contains(bytes[index])
            }
        }
    }
}
