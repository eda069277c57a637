// The families of kernels: for each list of the catalogue a struct of function pointers per element type, and the
// function that returns the one for the best instruction set of this machine. The one place that names the families.
#pragma once

#include "catalogue.h"
#include "catalogue_attention.h"
#include "catalogue_norms.h"
#include "catalogue_recurrent.h"
#include "catalogue_tiles.h"
#include "kernels/base/types.h"

// X(Family, element types, list, accessor)
#define BLASGRAD_TILE_FAMILIES(X)                             \
  X(NumberTiles, Numbers, BLASGRAD_NUMBER_TILES, numberTiles) \
  X(FloatTiles, Floats, BLASGRAD_FLOAT_TILES, floatTiles)     \
  X(MathTiles, Floats, BLASGRAD_MATH_TILES, mathTiles)        \
  X(TrigonometricTiles, Floats, BLASGRAD_TRIGONOMETRIC_TILES, trigonometricTiles)

#define BLASGRAD_KERNEL_FAMILIES(X)                                       \
  X(Reductions, Numbers, BLASGRAD_REDUCTIONS, reductions)                 \
  X(IndexReductions, Numbers, BLASGRAD_INDEX_REDUCTIONS, indexReductions) \
  X(Slices, Floats, BLASGRAD_SLICES, slices)                              \
  X(Losses, Floats, BLASGRAD_LOSSES, losses)                              \
  X(Norms, Floats, BLASGRAD_NORMS, norms)                                 \
  X(Attentions, Floats, BLASGRAD_ATTENTIONS, attentions)                  \
  X(Recurrents, Floats, BLASGRAD_RECURRENTS, recurrents)                  \
  X(Products, Floats, BLASGRAD_PRODUCTS, products)                        \
  X(Convolutions, Floats, BLASGRAD_CONVOLUTIONS, convolutions)            \
  X(Poolings, Floats, BLASGRAD_POOLINGS, poolings)                        \
  X(Movements, Numbers, BLASGRAD_MOVEMENTS, movements)                    \
  X(Lookups, Numbers, BLASGRAD_LOOKUPS, lookups)                          \
  X(Randoms, Floats, BLASGRAD_RANDOMS, randoms)                           \
  X(Optimizers, Floats, BLASGRAD_OPTIMIZERS, optimizers)

namespace blasgrad {

#define BLASGRAD_TILE_POINTER(name, inputs, scalars, output) Tile name;
#define BLASGRAD_POINTER(name, result, params, inPlace, signature) result(*name) params;
#define BLASGRAD_TILE_TABLE(Family, Types, LIST, accessor) \
  template <class T>                                       \
  struct Family {                                          \
    LIST(BLASGRAD_TILE_POINTER)                            \
  };                                                       \
  const Types<Family>& accessor();
#define BLASGRAD_TABLE(Family, Types, LIST, accessor) \
  template <class T>                                  \
  struct Family {                                     \
    LIST(BLASGRAD_POINTER)                            \
  };                                                  \
  const Types<Family>& accessor();

BLASGRAD_TILE_FAMILIES(BLASGRAD_TILE_TABLE)
BLASGRAD_KERNEL_FAMILIES(BLASGRAD_TABLE)

#undef BLASGRAD_TILE_POINTER
#undef BLASGRAD_POINTER
#undef BLASGRAD_TILE_TABLE
#undef BLASGRAD_TABLE

// The table of a kernel family, filled with function templates of the catalogue's names found where this is used.
#define BLASGRAD_INSTANCE(name, result, params, inPlace, signature) &name<T>,
#define BLASGRAD_MAKE_TABLE(Family, LIST) \
  template <class T>                      \
  Family<T> Make##Family() {              \
    return {LIST(BLASGRAD_INSTANCE)};     \
  }

}  // namespace blasgrad
