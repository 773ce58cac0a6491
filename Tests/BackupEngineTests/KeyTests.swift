// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite
import TestSupport
import Testing

@testable import BackupEngine

struct KeyTests {
    @Test func onlyItsRecoveryKeyOpensTheSealedKeys() throws {
        let master = SealedKey.random()
        let (keys, recovery) = try BackupKeys.make(master: master)
        #expect(keys.recovery.bytes.count == SealedRecovery.byteCount)
        let opened = try keys.recovery.open(RecoveryKey(.backups, text: recovery.text))
        #expect(opened.master == master && opened.repository == keys.repository)
        #expect(throws: BackupError.wrongRecoveryKey) { try keys.recovery.open(.random(.backups)) }
        for index in [2, 500, 1_122, keys.recovery.bytes.count - 1] {
            var bytes = keys.recovery.bytes
            bytes[index] ^= 1
            #expect(throws: BackupError.wrongRecoveryKey) { try SealedRecovery(bytes: bytes).open(recovery) }
        }
        var later = keys.recovery.bytes
        later[0] = 3
        #expect(throws: BackupError.laterRelease("the sealed keys")) { try SealedRecovery(bytes: later).open(recovery) }
        // Another recovery key for the same repository.
        let (renewed, second) = try keys.renewed(master: master)
        #expect(try renewed.recovery.open(second).repository == keys.repository)
        #expect(throws: BackupError.wrongRecoveryKey) { try renewed.recovery.open(recovery) }
    }

    @Test func theSameRecoveryKeyOpensEveryMasterKey() throws {
        let masters = (0..<4).map { _ in SealedKey.random() }
        let (made, recovery) = try BackupKeys.make(master: masters[0])
        var keys = made
        for (old, new) in zip(masters, masters.dropFirst()) {
            keys = try keys.rotated(from: old, to: new)
            // As a run that was cut off does it again.
            #expect(try keys.rotated(from: old, to: new).recovery == keys.recovery)
        }
        let opened = try keys.recovery.open(recovery)
        #expect(opened.master == masters[3] && opened.earlier == [masters[2], masters[1], masters[0]])
        #expect(opened.repository == made.repository)
        // Another recovery key takes them along.
        let (renewed, second) = try keys.renewed(master: masters[3])
        #expect(try renewed.recovery.open(second).earlier.count == 3)
        #expect(throws: BackupError.wrongRecoveryKey) { try renewed.recovery.open(recovery) }
        // The earlier ones are bound to the newest.
        var bytes = keys.recovery.bytes
        bytes[bytes.count - 1] ^= 1
        #expect(throws: BackupError.damaged("recovery/earlier")) { try SealedRecovery(bytes: bytes).open(recovery) }
        #expect(throws: BackupError.damaged("the sealed keys")) {
            try SealedRecovery(bytes: Array(bytes.prefix(SealedRecovery.byteCount))).open(recovery)
        }
    }

    @Test func withoutItsPublicPartTheRecoveryKeyIsGivenOnce() throws {
        let folder = try TemporaryFolder()
        let (old, new) = (SealedKey.random(), SealedKey.random())
        let (made, recovery) = try BackupKeys.make(master: old)
        try made.write(to: folder.path)
        #expect(try BackupKeys(folder: folder.path).canBeRotated)
        // As keys that were made before it was kept.
        #expect(unlink(folder.file(BackupKeys.lockFile)) == 0)
        let keys = try BackupKeys(folder: folder.path)
        #expect(!keys.canBeRotated)
        #expect(throws: BackupError.self) { try keys.rotated(from: old, to: new) }
        #expect(throws: BackupError.wrongRecoveryKey) {
            try keys.rotated(from: old, to: new, recovery: .random(.backups))
        }
        let rotated = try keys.rotated(from: old, to: new, recovery: recovery)
        try rotated.write(to: folder.path)
        #expect(try BackupKeys(folder: folder.path).canBeRotated)
        #expect(try BackupKeys(folder: folder.path).recovery.open(recovery).master == new)
        // Or another is made.
        let (renewed, second) = try keys.renewed(from: old, to: new)
        #expect(try renewed.recovery.open(second).earlier == [old])
    }

    @Test func retentionKeepsTheNewestOfEachPeriod() throws {
        // Two a day over 100 days, as ids.
        let start: Int64 = 1_795_824_000  // 2026-11-28, a Saturday, 00:00 UTC
        let ids = (0..<200).map { Manifest.id(at: start + Int64($0) * 43_200) }
        let rule = try #require(Retention("7d 4w 6m"))
        let kept = ids.filter { !rule.superfluous(ids).contains($0) }
        // The last of each of 7 days; of the 3 weeks before them; of the 3 months before that have some.
        #expect(kept.count == 7 + 3 + 3)
        #expect(kept.last == ids.last)
        #expect(rule.superfluous(kept).isEmpty, "it is stable")
        #expect(try #require(Retention("0d")).superfluous(ids).count == 199, "the newest always stays")
        #expect(rule.superfluous(["no-time"]).isEmpty)
        // Those that are incomplete are kept beside, never instead.
        let incomplete = Set(kept)
        let complete = ids.filter { !incomplete.contains($0) }
        #expect(rule.superfluous(ids, incomplete: incomplete) == rule.superfluous(complete))
        for wrong in ["", "7", "d", "-1d", "7x", "7d 4y"] { #expect(Retention(wrong) == nil) }
    }
}
