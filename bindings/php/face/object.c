/* object.c: how objects that hold something of the core are made: what is ours stands before what is PHP's. */
#include "face.h"

zend_object *kpp_object_new(zend_class_entry *ce, size_t size, const zend_object_handlers *handlers) {
    char *ours = zend_object_alloc(size, ce);
    zend_object *object = (zend_object *)(ours + handlers->offset);
    zend_object_std_init(object, ce);
    object_properties_init(object, ce);
    object->handlers = handlers;
    return object;
}

void kpp_handlers_init(zend_object_handlers *handlers, size_t offset, zend_object_free_obj_t end) {
    memcpy(handlers, zend_get_std_object_handlers(), sizeof *handlers);
    handlers->offset = (int)offset;
    handlers->free_obj = end;
    handlers->clone_obj = NULL;
    /* They have no properties that tell two of them apart: == is as ===. */
    handlers->compare = zend_objects_not_comparable;
}
