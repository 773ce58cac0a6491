// SPDX-License-Identifier: Apache-2.0
import Accounts

/// As `3.4GB`: powers of 1,024, as quotas are written.
func bytesText(_ bytes: Int64) -> String { ByteSize.text(Int(bytes)) + "B" }
