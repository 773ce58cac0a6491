// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/eventfd.h>
#include <unbound.h>
