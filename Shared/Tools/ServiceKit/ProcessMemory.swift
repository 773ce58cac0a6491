// SPDX-License-Identifier: Apache-2.0
import CProcess
import Foundation

/// What lies in the memory of a process of ours (keys, mail on its way) stays there.
package enum ProcessMemory {
    /// From now on there are no core dumps of this process, whatever the machine is set to, and nobody but root reads its memory:
    /// a crash or a debugger of the same user gives nothing away. To be called first. Ends the process when the system refuses.
    package static func hide() {
        let error = process_hide_memory()
        guard error == 0 else {
            FileHandle.standardError.write(
                Data("core dumps cannot be switched off: \(String(cString: strerror(error)))\n".utf8))
            exit(1)
        }
    }
}
