// SPDX-License-Identifier: Apache-2.0
import BackupEngine
import BackupJobs
import Foundation
import Logging
import RedisStreams
import ServiceKit
import ServiceLifecycle

/// Takes backups of the store, verifies them and removes old ones. Assembly only; it holds no key that opens a file of the
/// store.
@main
struct Entry {
    static let repository = Setting(
        "backup.repository", "where backups go: a folder, or remote:path of rclone's configuration")
    static let rclone = Setting(
        "backup.rclone.config", "rclone's configuration file, for remote:path", fallback: "none")
    static let staging = Setting(
        "backup.staging", "folder for what is on its way to a remote (256 MiB)", fallback: "/tmp")
    static let schedule = Setting(
        "backup.schedule", "when: a time of day in UTC as 03:15, 'every 6h', or off", fallback: "03:15")
    static let keep = Setting(
        "backup.keep", "the newest of each of so many days, weeks and months, as '7d 4w 6m'; all: every one",
        fallback: "7d 4w 6m")
    static let verify = Setting(
        "backup.verify.days", "after so many days the newest backup is verified again; 0: only when asked",
        fallback: "7")
    static let include = Setting(
        "backup.include", "files and folders to back up beside the store, with commas", fallback: "none")

    static func main() async {
        await ServiceMain.run(
            name: "backup",
            about: "takes backups of the store; --keys is the folder that `mailkeep backup keys` wrote",
            settings: [repository, rclone, staging, schedule, keep, verify, include], assemble: assemble)
    }

    private static func assemble(
        _ reader: inout SettingReader, _ configuration: ServiceConfiguration, _ logger: Logger
    ) async throws -> ServiceMain.Assembly {
        let scheduleText = reader.text(schedule) ?? "03:15"
        let when = BackupSchedule(scheduleText)
        if when == nil { reader.wrong(schedule, "'\(scheduleText)' is no time: write 03:15, 'every 6h' or off") }
        let keepText = reader.text(keep) ?? "7d 4w 6m"
        let kept = keepText == "all" ? nil : Retention(keepText)
        if kept == nil, keepText != "all" {
            reader.wrong(keep, "'\(keepText)' is no rule: write it as '7d 4w 6m', or all")
        }
        let daysText = reader.text(verify) ?? "7"
        let days = Int(daysText).flatMap { (0...365).contains($0) ? $0 : nil }
        if days == nil { reader.wrong(verify, "'\(daysText)' is no number of days from 0 to 365") }
        let text = reader.needed(repository)
        var place: RepositoryPlace?
        do { place = try RepositoryPlace(text, rcloneConfiguration: reader.text(rclone)) } catch {
            reader.wrong(repository, "\(error)")
        }
        if let folder = reader.text(staging) { place?.staging = folder }
        let settings = (reader.text(include) ?? "").split(separator: ",").map {
            $0.trimmingCharacters(in: .whitespaces)
        }
        guard reader.mistakes.isEmpty, let place, let when, let days else {
            return ServiceMain.Assembly(services: [], checks: [])
        }

        let redis = RedisClient(
            host: configuration.redisHost, port: configuration.redisPort, password: configuration.redisPassword,
            logger: logger)
        let redisCheck = ReadinessCheck("redis", isNeeded: false, problem: { await redis.problem() })
        guard BackupKeys.exist(in: configuration.keys) else {
            // A server that was set up before there were backups goes on, and says what is missing.
            let missing = "no backup keys in \(configuration.keys): make them with `mailkeep backup keys`"
            logger.warning("\(missing)")
            return ServiceMain.Assembly(
                services: [redis],
                checks: [ReadinessCheck("backup", isNeeded: false, problem: { missing }), redisCheck])
        }
        let jobs = BackupJobs(client: redis, logger: logger)
        let backup = BackupRun(
            data: configuration.data, settings: settings, place: place,
            keys: try BackupKeys(folder: configuration.keys),
            retention: kept, release: Release.version)
        let worker = BackupWorker(backup: backup, schedule: when, verifyDays: days, jobs: jobs, logger: logger)
        return ServiceMain.Assembly(
            services: [redis, jobs, worker],
            checks: [
                ReadinessCheck("backup", isNeeded: false, problem: { worker.problem() }),
                redisCheck,
            ])
    }
}
