// SPDX-License-Identifier: Apache-2.0
import CSodium

/// A password or a private key, in locked memory that is zeroed when the last reference goes.
///
/// `@unchecked Sendable` proof: the memory is written in `init` and in `deinit` only.
package final class SecretBytes: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer

    /// Copies `bytes`; wiping the source is the caller's.
    package init(_ bytes: some Collection<UInt8>) {
        memory = Self.allocate(bytes.count)
        memory.copyBytes(from: bytes)
    }

    /// Lets `fill` write up to `count` bytes.
    init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        memory = Self.allocate(count)
        // When it throws, `deinit` frees: every property is set.
        try fill(memory)
    }

    deinit { sodium_free(memory.baseAddress) }  // zeroes first

    package var count: Int { memory.count }

    package func withBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(memory))
    }

    /// Overwrites bytes on their way into or out of here.
    package static func wipe(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { sodium_memzero($0.baseAddress, $0.count) }
    }

    /// Bytes on their way in, but for some characters: in an array that was never moved, so that wiping it leaves no copy.
    static func letters(of bytes: some Collection<UInt8>, without others: StaticString) -> [UInt8] {
        var letters: [UInt8] = []
        letters.reserveCapacity(bytes.count)
        others.withUTF8Buffer { others in
            for byte in bytes where !others.contains(byte) { letters.append(byte) }
        }
        return letters
    }

    private static func allocate(_ count: Int) -> UnsafeMutableRawBufferPointer {
        guard sodium_init() >= 0, let memory = sodium_malloc(count) else {
            fatalError("no memory for a secret")  // as any other allocation that fails
        }
        return UnsafeMutableRawBufferPointer(start: memory, count: count)
    }
}

extension SecretBytes: CustomStringConvertible {
    /// Never the bytes.
    package var description: String { "SecretBytes" }
}
