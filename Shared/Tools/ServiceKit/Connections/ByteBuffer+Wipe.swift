// SPDX-License-Identifier: Apache-2.0
import NIOCore

extension ByteBuffer {
    /// Overwrites what can be read with zeros where it lies, for everybody who shares these bytes: they were taken over, and
    /// may have been a password. (A change by the buffer's own means would copy first, and leave the bytes.)
    package func wipe() {
        withUnsafeReadableBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            UnsafeMutableRawPointer(mutating: start).initializeMemory(as: UInt8.self, repeating: 0, count: bytes.count)
        }
    }
}
