// SPDX-License-Identifier: Apache-2.0
import SealedSQLite
import Synchronization
import Testing

@testable import Accounts

@Suite struct KeyRingTests {
    private let ring = KeyRing()
    private let anna = AccountID.random()
    private let key = SealedKey.random()
    private let a = AccountFileName.random()
    private let b = AccountFileName.random()

    @Test func anAccountIsOpenWhileSomebodyHoldsIt() {
        let closed = Mutex<[AccountID]>([])
        ring.whenClosed { account in closed.withLock { $0.append(account) } }
        #expect(ring.key(of: anna, file: a) == nil && ring.hold(anna, file: a) == nil)
        var first: KeyHold? = ring.hold(anna, file: a, key: key)
        let second = ring.hold(anna, file: a, key: key)
        #expect(ring.key(of: anna, file: a) == key && ring.key(of: anna, file: b) == nil)
        let third = ring.hold(anna, file: a)
        #expect(first?.account == anna && third != nil && ring.accounts == [anna])
        first = nil
        third?.release()
        third?.release()
        #expect(ring.key(of: anna, file: a) == key && closed.withLock { $0 }.isEmpty)
        second.release()
        #expect(ring.key(of: anna, file: a) == nil && ring.accounts.isEmpty)
        #expect(closed.withLock { $0 } == [anna])
    }

    @Test func aFileWithAnotherKeyIsAnotherOne() {
        let closed = Mutex(0)
        ring.whenClosed { _ in closed.withLock { $0 += 1 } }
        let (old, new) = (ring.hold(anna, file: a, key: key), ring.hold(anna, file: b, key: .random()))
        old.release()
        #expect(ring.key(of: anna, file: a) == nil && ring.key(of: anna, file: b) != nil)
        #expect(closed.withLock { $0 } == 0)
        new.release()
        #expect(closed.withLock { $0 } == 1)
    }

    @Test func manyThreadsTakeAndLetGo() async {
        let closed = Mutex(0)
        ring.whenClosed { _ in closed.withLock { $0 += 1 } }
        let last = ring.hold(anna, file: a, key: key)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<500 { _ = ring.hold(anna, file: a, key: key) } }
            }
        }
        #expect(ring.key(of: anna, file: a) == key && closed.withLock { $0 } == 0)
        last.release()
        #expect(ring.accounts.isEmpty && closed.withLock { $0 } == 1)
    }
}
