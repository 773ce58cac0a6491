// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite
import TestSupport
import Testing

@testable import Accounts

@Suite struct KeySlotTests {
    /// Made with Python's PyNaCl. Key 80…9f, nonce 40…57, secret 00…1f.
    static let vector =
        "0101404142434445464748494a4b4c4d4e4f5051525354555657f10d71f75ff5f25df31b7dd8faa3935a2256607d11518afbd2a3ef175e4813d7"
        + "988b1b7986479f6d64325371f731d8dd"
    static let identity = "000102030405060708090a0b0c0d0e0f"

    private func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

    @Test func aFixedKeyAndNonceGiveFixedBytes() throws {
        let slot = Array(0..<32).map(UInt8.init).withUnsafeBytes {
            KeySlot.seal(
                $0, for: .accounts, identity: Self.identity, key: SealedKey((0x80..<0xA0).map { UInt8($0) })!,
                nonce: (0x40..<0x58).map { UInt8($0) })
        }
        #expect(slot.bytes.count == 74)
        #expect(hex(slot.bytes) == Self.vector)
    }

    @Test func opensForItsIdentityAlone() throws {
        let keys = PurposeKeys(master: .random())
        let key = SealedKey.random()
        let slot = try KeySlot.seal(key, for: .configuration, identity: "config.db", keys: keys)
        #expect(try slot.open(for: .configuration, identity: "config.db", keys: keys) == key)
        #expect(throws: KeySlotError.refused(.configuration, identity: "spool.db")) {
            try slot.open(for: .configuration, identity: "spool.db", keys: keys)
        }
        #expect(throws: KeySlotError.refused(.spool, identity: "config.db")) {
            try slot.open(for: .spool, identity: "config.db", keys: keys)
        }
        #expect(throws: KeySlotError.refused(.configuration, identity: "config.db")) {
            try slot.open(for: .configuration, identity: "config.db", keys: PurposeKeys(master: .random()))
        }
    }

    @Test func theSameKeyForAnotherPurposeDoesNotOpenIt() throws {
        // One wrapping key under both names, so that only the associated data tells them apart.
        let folder = try TemporaryFolder()
        let wrapping = SealedKey.random()
        try KeyFile.write(wrapping, to: folder.file("spool.key"))
        try KeyFile.write(wrapping, to: folder.file("accounts.key"))
        let keys = try PurposeKeys(folder: folder.path)
        let slot = try KeySlot.seal(.random(), for: .spool, identity: "x", keys: keys)
        #expect(throws: KeySlotError.refused(.accounts, identity: "x")) {
            try slot.open(for: .accounts, identity: "x", keys: keys)
        }
    }

    @Test func noFlippedBitOpens() throws {
        let keys = PurposeKeys(master: .random())
        let slot = try KeySlot.seal(.random(), for: .spool, identity: "spool.db", keys: keys)
        for index in slot.bytes.indices {
            var bytes = slot.bytes
            bytes[index] ^= 0x10
            #expect(throws: KeySlotError.self) {
                try KeySlot(bytes: bytes).open(for: .spool, identity: "spool.db", keys: keys)
            }
        }
        for count in 0..<slot.bytes.count {
            #expect(throws: KeySlotError.self) {
                try KeySlot(bytes: Array(slot.bytes[..<count])).open(for: .spool, identity: "spool.db", keys: keys)
            }
        }
    }

    @Test func slotsOfTwoFilesSwappedAreRefused() throws {
        let fixture = try Fixture()
        let other = try Fixture()
        try fixture.directory.close()
        try FileManager.default.removeItem(atPath: fixture.folder.file("config.slot"))
        try FileManager.default.copyItem(
            atPath: other.folder.file("config.slot"), toPath: fixture.folder.file("config.slot"))
        #expect(throws: KeySlotError.refused(.configuration, identity: "config.db")) { try fixture.again() }
    }
}
