// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite
import TestSupport
import Testing

@testable import Accounts

@Suite struct PurposeKeysTests {
    /// HKDF-SHA256 by Python's hmac, master key 00…1f.
    @Test(arguments: [
        (KeyPurpose.configuration, "06604b23cc8f8ea138fdd7b451d13c3cb1f0f6ddb2afe7221e74c8f564de7eb4"),
        (.spool, "4f1ece5b90ba5583f94569f56773567f3e36e84a61e6373542c84bbd7458e04e"),
        (.accounts, "10bc90184d229fde0e7c15647dbe9fe1122b67bb960526db15cdd779d3bb8593"),
        (.signing, "9f3f92c252c69072539a5aa3caffc1016cba892243e0d6e4eb9fee092f89c5b4"),
    ])
    func derivation(purpose: KeyPurpose, hex: String) throws {
        #expect(try PurposeKeys(master: SealedKey((0..<32).map { UInt8($0) })!).key(purpose).hex == hex)
    }

    @Test func filesAreHexWithModeAndAreReadBack() throws {
        let folder = try TemporaryFolder()
        let keys = PurposeKeys(master: .random())
        try keys.write(to: folder.path)
        try keys.write(to: folder.path)
        for purpose in KeyPurpose.allCases {
            let path = folder.file(purpose.fileName)
            #expect(try String(contentsOfFile: path, encoding: .utf8) == keys.key(purpose).hex + "\n")
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o400)
        }
        let spool = try PurposeKeys(folder: folder.path, only: [.spool])
        #expect(try spool.key(.spool) == keys.key(.spool))
        #expect(throws: KeyError.notLoaded(.accounts)) { try spool.key(.accounts) }
        #expect(throws: KeyError.different(folder.file("configuration.key"))) {
            try PurposeKeys(master: .random()).write(to: folder.path)
        }
    }

    @Test func wrongFilesAreErrorsAndAbsentOnesAreNot() throws {
        let folder = try TemporaryFolder()
        #expect(try !PurposeKeys(folder: folder.path).contains(.spool))
        let path = folder.file("spool.key")
        for text in ["", "00", String(repeating: "g", count: 64) + "\n", String(repeating: "0", count: 66)] {
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            chmod(path, 0o600)
            #expect(throws: KeyError.malformed(path)) { try PurposeKeys(folder: folder.path) }
        }
        chmod(path, 0o640)
        #expect(throws: KeyError.tooOpen(path, mode: 0o640)) { try PurposeKeys(folder: folder.path) }
    }
}
