// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A repository behind rclone: S3 and whatever else it reaches. What is written is staged in a folder of this machine and
/// goes up in batches.
final class RcloneStore: ObjectStore {
    /// A lock that was not renewed for so long belongs to a run that died, in seconds.
    static let lockSeconds: Int64 = 1800
    private static let renewSeconds: Int64 = 300

    let place: String
    private let rclone: Rclone
    private let staging: String
    private let stagingLimit: Int64
    private var staged: Int64 = 0
    private var ownLock: (name: String, taken: Int64)?

    /// - Parameters:
    ///   - remote: as `offsite:bucket/folder`, of rclone's configuration.
    ///   - staging: a folder of our own; emptied here.
    ///   - stagingLimit: bytes that wait in it at most, about.
    init(remote: String, rclone: Rclone, staging: String, stagingLimit: Int64) throws {
        place = remote
        self.rclone = rclone
        self.staging = staging + "/mailkeep-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        self.stagingLimit = stagingLimit
        for folder in ["up", "down"] { try PlainFile.makeFolder(self.staging + "/" + folder, mode: 0o700) }
    }

    deinit {
        unlock()
        try? FileManager.default.removeItem(atPath: staging)
    }

    private func remote(_ name: String) -> String {
        place.hasSuffix(":") || name.isEmpty ? place + name : place + "/" + name
    }

    func list(_ folder: String) throws -> [StoredObject] {
        let answer = try rclone.run([
            "lsf", "--recursive", "--files-only", "--format", "sp", "--separator", "\t", remote(folder),
        ])
        return String(decoding: answer ?? [], as: UTF8.self).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "\t", maxSplits: 1)
            guard parts.count == 2, let size = Int64(parts[0]) else { return nil }
            return StoredObject(name: folder.isEmpty ? String(parts[1]) : folder + "/" + parts[1], size: size)
        }
    }

    func read(_ name: String, limit: Int) throws -> [UInt8]? {
        let local = staging + "/down/" + name
        if let bytes = try PlainFile.read(local, limit: limit) {
            unlink(local)
            return bytes
        }
        let answer = try rclone.run(["cat", "--count", "\(limit + 1)", remote(name)])
        // An object store has no folders: for a name that is not there, some answer nothing.
        guard let answer, !answer.isEmpty else { return nil }
        guard answer.count <= limit else { throw BackupError.tooLarge(name) }
        return answer
    }

    func fetch(_ names: [String]) throws {
        // An empty list would be no list: everything.
        guard !names.isEmpty else { return }
        try renewLock()
        let down = staging + "/down"
        try FileManager.default.removeItem(atPath: down)
        try PlainFile.makeFolder(down, mode: 0o700)
        _ = try rclone.run(
            ["copy", "--no-traverse", "--transfers", "8", "--files-from-raw", "-", remote(""), down],
            input: Array((names.joined(separator: "\n") + "\n").utf8))
    }

    func write(_ name: String, _ bytes: [UInt8]) throws {
        try renewLock()
        let local = staging + "/up/" + name
        try PlainFile.makeFolder((local as NSString).deletingLastPathComponent, mode: 0o700)
        guard
            FileManager.default.createFile(atPath: local, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
        else { throw BackupError.system("write \(local)", errno: errno) }
        staged += Int64(bytes.count)
    }

    var isFull: Bool { staged >= stagingLimit }

    func flush() throws {
        try renewLock()
        guard staged > 0 else { return }
        _ = try rclone.run(["copy", "--no-traverse", "--transfers", "8", "--ignore-times", staging + "/up", remote("")])
        try FileManager.default.removeItem(atPath: staging + "/up")
        try PlainFile.makeFolder(staging + "/up", mode: 0o700)
        staged = 0
    }

    func delete(_ names: [String]) throws {
        guard !names.isEmpty else { return }
        try renewLock()
        _ = try rclone.run(
            ["delete", "--files-from-raw", "-", remote("")], input: Array((names.joined(separator: "\n") + "\n").utf8))
    }

    /// An object store has no locks: each run lays down an object that says until when, then looks whether another was
    /// there. Of two that come at the same moment both give way.
    func lock(alone: Bool) throws {
        let name = "locks/\(alone ? "alone" : "reading")-\(UInt64.random(in: 0 ... .max))"
        try putLock(name)
        let now = Int64(time(nil))
        var stale: [String] = []
        for other in try list("locks") where other.name != name {
            guard alone || other.name.hasPrefix("locks/alone") else { continue }
            let until = try read(other.name, limit: 64).flatMap { Int64(String(decoding: $0, as: UTF8.self)) } ?? 0
            if until > now {
                unlock()
                throw BackupError.inUse(place)
            }
            stale.append(other.name)
        }
        try delete(stale)
    }

    private func putLock(_ name: String) throws {
        let now = Int64(time(nil))
        _ = try rclone.run(["rcat", remote(name)], input: Array("\(now + Self.lockSeconds)".utf8))
        ownLock = (name, now)
    }

    /// Throws when it is too late for that: another may have taken over.
    private func renewLock() throws {
        guard let ownLock else { return }
        let age = Int64(time(nil)) - ownLock.taken
        guard age < Self.lockSeconds else { throw BackupError.inUse(place) }
        if age > Self.renewSeconds { try putLock(ownLock.name) }
    }

    func unlock() {
        guard let name = ownLock?.name else { return }
        ownLock = nil
        _ = try? rclone.run(["deletefile", remote(name)])
    }

    /// Uploads appear whole, so nothing half done lies there; staging folders of runs that died are on this machine.
    func clean() throws {
        let parent = (staging as NSString).deletingLastPathComponent
        for name in PlainFile.names(in: parent) where name.hasPrefix("mailkeep-") {
            let pid = name.dropFirst("mailkeep-".count).prefix { $0 != "-" }
            if let pid = pid_t(pid), pid != getpid(), kill(pid, 0) != 0, errno == ESRCH {
                try? FileManager.default.removeItem(atPath: parent + "/" + name)
            }
        }
    }
}
