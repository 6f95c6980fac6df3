// Catch2 2 and 3 under one name.
#pragma once

// LibTorch's logging defines a CHECK of its own, whichever of its headers comes first.
#if __has_include(<c10/util/Logging.h>)
#include <c10/util/Logging.h>
#undef CHECK
#endif

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
