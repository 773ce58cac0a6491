// SPDX-License-Identifier: Apache-2.0
import Foundation
import SealedSQLite
import Testing

@Suite struct DiskRoomTests {
    @Test func moreThanTheDiskHoldsIsNotAllowed() {
        let folder = NSTemporaryDirectory()
        #expect(DiskRoom.allows(0, at: folder))
        #expect(!DiskRoom.allows(1 << 55, at: folder))
        #expect(DiskRoom.allows(1 << 55, at: "/no/such/path"))
    }
}
