// SPDX-License-Identifier: Apache-2.0
import Accounts
import ArgumentParser
import BackupEngine
import Foundation

/// Where the backups are: options over environment.
struct RepositoryOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of the backups, or remote:path of rclone; otherwise MAILKEEP_BACKUP_REPOSITORY.", valueName: "place"
        ))
    var repository: String?

    @Option(
        help: ArgumentHelp(
            "rclone's configuration, for remote:path; otherwise MAILKEEP_BACKUP_RCLONE_CONFIG.", valueName: "file"))
    var rcloneConfig: String?

    @Option(
        help: ArgumentHelp(
            "Folder for what is on its way to or from a remote; otherwise MAILKEEP_BACKUP_STAGING, else /tmp.",
            valueName: "folder"))
    var staging: String?

    func place() throws -> RepositoryPlace {
        guard let text = repository ?? environment("MAILKEEP_BACKUP_REPOSITORY") else {
            throw Failure("say where the backups are: set MAILKEEP_BACKUP_REPOSITORY or give --repository")
        }
        // A relative folder is taken from here.
        let isFolder = text.hasPrefix(".") || FileManager.default.fileExists(atPath: text)
        var place = try RepositoryPlace(
            isFolder ? URL(fileURLWithPath: text).standardizedFileURL.path : text,
            rcloneConfiguration: rcloneConfig ?? environment("MAILKEEP_BACKUP_RCLONE_CONFIG"))
        if let folder = staging ?? environment("MAILKEEP_BACKUP_STAGING") { place.staging = folder }
        return place
    }
}

/// The keys of the Backup service.
struct BackupKeyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder with \(BackupKeys.repositoryFile) and \(BackupKeys.recoveryFile); otherwise MAILKEEP_BACKUP_KEYS.",
            valueName: "folder"))
    var backupKeys: String?

    var folder: String? { backupKeys ?? environment("MAILKEEP_BACKUP_KEYS") }

    func keys() throws -> BackupKeys {
        guard let folder else {
            throw Failure("say where the backup keys are: set MAILKEEP_BACKUP_KEYS or give --backup-keys")
        }
        return try BackupKeys(folder: folder)
    }
}

/// The recovery key, which is never an argument.
struct RecoveryKeyOptions: ParsableArguments {
    @Option(help: ArgumentHelp("File with the recovery key; - is standard input.", valueName: "file"))
    var recoveryKeyFile: String?

    private static let what = SecretInput.What(
        name: "recovery key", limit: 200, advice: "use --recovery-key-file FILE or standard input")

    func key() throws -> RecoveryKey {
        let typed =
            recoveryKeyFile == nil && isatty(STDIN_FILENO) == 1
            ? try SecretInput.ask("Recovery key (MKR1-…): ", Self.what)
            : try SecretInput.line(of: recoveryKeyFile ?? "-", Self.what)
        return try typed.withBytes { try RecoveryKey(.backups, text: String(decoding: $0, as: UTF8.self)) }
    }
}

/// Shows on a terminal how far a job is, and ends it in good order at Ctrl-C and SIGTERM.
final class JobWatch {
    let control: JobControl
    private let sources: [any DispatchSourceSignal]
    private let progress = Progress("backup")

    init() {
        let control = JobControl { [progress] in progress.tell($0.stage, $0.doneBytes, of: $0.totalBytes) }
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { control.cancel() }
            source.resume()
            return source
        }
        self.control = control
    }

    /// The line goes.
    func end() { progress.end() }
}
