// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Why a backup or a restore failed. Every description says what is wrong, and where it helps, what to do.
package enum BackupError: Error, Equatable, CustomStringConvertible {
    /// A well-formed recovery key, but of another repository.
    case wrongRecoveryKey
    /// The repository was made with another repository key.
    case foreignRepository(String)
    case noRepository(String)
    case notEmpty(String)
    case noSuchBackup(String)
    case noBackups
    case inUse(String)
    case damaged(String)
    case laterRelease(String)
    case system(String, errno: Int32)
    /// rclone failed, in its own words.
    case remote(String)
    case tooLarge(String)
    case cancelled
    /// The backup was taken, but some files are not in it.
    case incomplete(backup: String, [String])
    case refused(String)

    package var description: String {
        switch self {
        case .wrongRecoveryKey:
            "this recovery key does not open this repository: it is another one's, or it was renewed since"
        case .foreignRepository(let place):
            "\(place) was made with another repository key; give the right keys, or an empty place for a new repository"
        case .noRepository(let place): "there is no backup repository at \(place)"
        case .notEmpty(let place): "\(place) is not empty and no backup repository; give an empty or a new place"
        case .noSuchBackup(let id): "there is no backup \(id); see: mailkeep backup list"
        case .noBackups: "the repository has no backup yet; take one with: mailkeep backup run"
        case .inUse(let what):
            "\(what) is in use by another backup, verification or restore; try again when that is over"
        case .damaged(let what): "\(what) is damaged"
        case .laterRelease(let what): "\(what) was made by a later release of Mailkeep; upgrade this program"
        case .system(let what, let errno): "\(what): \(String(cString: strerror(errno)))"
        case .remote(let what): "the remote storage: \(what)"
        case .tooLarge(let what): "\(what) is larger than a backup takes"
        case .cancelled: "it was stopped before it was done; the next run takes up what is there"
        case .incomplete(let backup, let files):
            "backup \(backup) was taken, but these files could not be read and are not in it: \(files.joined(separator: "; "))"
        case .refused(let why): why
        }
    }
}
